# Copyright 2026 sa4depth_ros contributors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""A room seen by two cameras, rendered exactly: its colour is a function of the place."""

import math

from sa4depth_ros.geometry.camera import pixel_grid, transform
from sa4depth_ros.geometry.lie import inverse
import torch

HEIGHT, WIDTH = 192, 256
# Half sizes of the room (x, y) and the distance of its back wall.
ROOM = (2.5, 1.5, 4.0)


def intrinsics(dtype=torch.float64):
    return torch.tensor([[[200.0, 0, 127.0], [0, 205.0, 96.5], [0, 0, 1]]], dtype=dtype)


def render(T_world2camera, K, seed=0, channels=6, walls=True, size=(HEIGHT, WIDTH)):
    """Give colours (1, channels, H, W) and z-depth (1, 1, H, W) of a camera in the room."""
    dtype = T_world2camera.dtype
    T_camera2world = inverse(T_world2camera)
    grid = pixel_grid(*size, T_world2camera).view(1, -1, 2)
    focal = torch.stack((K[:, 0, 0], K[:, 1, 1]), -1)[:, None]
    rays = torch.cat(((grid - K[:, None, :2, 2]) / focal, torch.ones_like(grid[..., :1])), -1)
    rays = rays @ T_camera2world[:, :3, :3].transpose(1, 2)
    origin = T_camera2world[:, None, :3, 3]
    distances = [(ROOM[2] - origin[..., 2]) / rays[..., 2]]
    for axis in (0, 1) if walls else ():
        side = torch.sign(rays[..., axis]) * ROOM[axis]
        distances.append((side - origin[..., axis]) / rays[..., axis])
    distance = torch.stack([torch.where(d > 0, d, torch.inf) for d in distances]).amin(0)
    places = origin + rays * distance[..., None]
    color = texture(places, seed, channels)
    # Rays have z = 1 in the camera's frame, so the distance along them is z-depth.
    depth = distance.view(1, 1, *size)
    assert torch.allclose(transform(T_world2camera, places)[..., 2].view_as(depth), depth)
    return color.transpose(1, 2).view(1, channels, *size).to(dtype), depth


def photograph(T_camera2world, K, size, seed=0):
    """Show the room to a camera, K (3, 3): colours (H, W, 3) uint8 and depth (H, W) metres."""
    T = inverse(torch.from_numpy(T_camera2world)[None])
    color, depth = render(T, torch.from_numpy(K)[None], seed, 3, size=size)
    rgb = (127 + 70 * color[0]).clamp(0, 255).permute(1, 2, 0).to(torch.uint8).numpy()
    return rgb, depth[0, 0].numpy()


def texture(places, seed, channels):
    """Sum waves of many lengths, the long ones strong, as in most pictures."""
    generator = torch.Generator().manual_seed(seed)
    total = 0
    for length in (6.0, 3.0, 1.5, 0.75, 0.4):
        directions = torch.randn(3, channels, generator=generator, dtype=torch.float64)
        directions = directions / directions.norm(dim=0) * (2 * math.pi / length)
        phases = 6.28 * torch.rand(channels, generator=generator, dtype=torch.float64)
        total = total + length ** 0.5 * torch.sin(places.double() @ directions + phases)
    return total.to(places.dtype) / 3

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

"""The pinhole camera: from pixels and depth to points and back."""

import torch
from torch import Tensor

_NEAREST = 1e-3


def pixel_grid(height: int, width: int, like: Tensor) -> Tensor:
    """Give the pixel centres (height, width, 2) as (u, v), of the kind and place of ``like``."""
    v, u = torch.meshgrid(
        torch.arange(height, dtype=like.dtype, device=like.device),
        torch.arange(width, dtype=like.dtype, device=like.device), indexing='ij')
    return torch.stack((u, v), -1)


def backproject(pixels: Tensor, depth: Tensor, K: Tensor) -> Tensor:
    """
    Give the points (N, P, 3) in the optical frame of ``pixels`` (N, P, 2) at ``depth`` (N, P).

    ``depth`` is along z; ``K`` (N, 3, 3) has no skew; pixel centres are at whole numbers.
    """
    focal, centre = _parts(K)
    rays = (pixels - centre) / focal
    return torch.cat((rays, torch.ones_like(rays[..., :1])), -1) * depth[..., None]


def project(points: Tensor, K: Tensor) -> tuple[Tensor, Tensor]:
    """
    Give pixels (N, P, 2) of ``points`` (N, P, 3) and whether they are in front (N, P).

    Points at or behind the camera have a pixel of no meaning, but a finite one with a finite
    gradient.
    """
    *sides, z = points.unbind(-1)
    front = z > _NEAREST
    safe = torch.where(front, z, torch.ones_like(z))
    # Zero is finite however far a point behind the camera is to the side. Each axis by itself:
    # ONNX Runtime broadcasts slowly where the last axis is 2.
    uv = [torch.where(front, side, torch.zeros_like(side)) / safe * K[:, axis, axis, None]
          + K[:, axis, 2, None] for axis, side in enumerate(sides)]
    return torch.stack(uv, -1), front


def transform(T: Tensor, points: Tensor) -> Tensor:
    """Move ``points`` (N, P, 3) of frame a into frame b by ``T`` (N, 4, 4) = T_a2b."""
    return points @ T[:, :3, :3].transpose(-1, -2) + T[:, None, :3, 3]


def intrinsics_at_stride(K: Tensor, stride: float) -> Tensor:
    """
    Give K (N, 3, 3) of a map whose pixels are ``stride`` image pixels wide.

    Half-pixel rule of method.md 0: c' = (c + 0.5) / stride - 0.5.
    """
    scale = K.new_tensor([[1 / stride], [1 / stride], [1.0]])
    shift = K.new_tensor([[0, 0, 0.5 / stride - 0.5], [0, 0, 0.5 / stride - 0.5], [0, 0, 0]])
    return K * scale + shift


def _parts(K: Tensor) -> tuple[Tensor, Tensor]:
    focal = torch.stack((K[:, 0, 0], K[:, 1, 1]), -1)[:, None]
    return focal, K[:, None, :2, 2]

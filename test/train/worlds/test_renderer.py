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

"""The renderer's depth, pose and K agree to a small fraction of a pixel."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.camera_path import camera_mount, drive_through
from sa4depth_train.worlds.renderer import WorldRenderer
from sa4depth_train.worlds.room import DEPTH, WIDTH
from sa4depth_train.worlds.shapes import panel
from sa4depth_train.worlds.world import Light, Material, World, WorldBuilder

WHITE = np.full((8, 8, 3), 255, np.uint8)
SKY = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def _rays(K: np.ndarray, shape: tuple[int, ...], shift: float = 0.0) -> np.ndarray:
    v, u = np.mgrid[:shape[0], :shape[1]].astype(float)
    return np.stack([(u - K[0, 2] - shift) / K[0, 0], (v - K[1, 2] - shift) / K[1, 1],
                     np.ones(shape)], -1)


def _world_points(depth: np.ndarray, K: np.ndarray, T: np.ndarray,
                  shift: float = 0.0) -> np.ndarray:
    return _rays(K, depth.shape, shift) * depth[..., None] @ T[:3, :3].T + T[:3, 3]


def _slanted(renderer_of: Callable[[WorldBuilder], WorldRenderer]) -> tuple[np.ndarray, ...]:
    builder = WorldBuilder({'white': Material(WHITE, glow=1.0)})
    # A plane that recedes to the right: x = 6 - 1.5 z in the camera of identity pose.
    builder.add('white', panel((-40, -40, (6 + 40) / 1.5), (0, 80, 0), (80, 0, -80 / 1.5)))
    with renderer_of(builder) as renderer:
        _, depth = renderer.render(np.eye(4))
        return depth, renderer.K


def _renderer(builder: WorldBuilder) -> WorldRenderer:
    return WorldRenderer(builder.build((1.0, 1.0, 1.0), SKY), width=96, height=64,
                         hfov=np.radians(70))


def test_depth_of_a_slanted_plane_is_exact_z_at_pixel_centres() -> None:
    """Depth is z = 6 / (x/z + 1.5) to 1e-4, and half a pixel would be 15 times that."""
    depth, K = _slanted(_renderer)
    valid = depth > 0
    assert valid.mean() > 0.9

    def error(shift: float) -> float:
        expected = 6.0 / (_rays(K, depth.shape, shift)[..., 0] + 1.5)
        return float(np.abs(depth / expected - 1)[valid].max())

    assert error(0.0) < 1e-4
    assert error(0.5) > 1.5e-3 and error(-0.5) > 1.5e-3


def test_principal_point_is_the_middle_of_integer_pixel_centres(renderer: WorldRenderer) -> None:
    """For w x h pixels it is ((w - 1) / 2, (h - 1) / 2); fx = fy."""
    assert renderer.K[0, 2] == 79.5 and renderer.K[1, 2] == 59.5
    assert renderer.K[0, 0] == renderer.K[1, 1] == pytest.approx(80 / np.tan(np.radians(37.5)))


def test_colour_lies_on_the_same_pixel_grid_as_depth() -> None:
    """The centroid of a glowing square is its projected centre, in the mean of many places."""
    builder = WorldBuilder({'white': Material(WHITE, glow=1.0)})
    builder.add('white', panel((-0.2, -0.2, 3.0), (0, 0.4, 0), (0.4, 0, 0)))
    color_errors, depth_errors = [], []
    with _renderer(builder) as renderer:
        K = renderer.K
        v, u = np.mgrid[:renderer.height, :renderer.width].astype(float)
        for place in np.random.default_rng(0).uniform(-0.5, 0.5, (60, 2)):
            T = np.eye(4)
            T[:2, 3] = place
            color, depth = renderer.render(T)
            wanted = -place / 3 * K[0, 0] + K[:2, 2]
            for weight, errors in ((color.mean(-1), color_errors), (depth > 0, depth_errors)):
                centroid = np.array([(u * weight).sum(), (v * weight).sum()]) / weight.sum()
                errors.append(centroid - wanted)
    # One image is quantised to its sampling; the mean is not.
    assert np.abs(np.mean(color_errors, 0)).max() < 0.05
    assert np.abs(np.mean(depth_errors, 0)).max() < 0.1


def test_floor_and_walls_lie_where_the_room_says(renderer: WorldRenderer) -> None:
    """With pose and K the points of the floor have z = 0; half a pixel off they have not."""
    T = drive_through(0, 30)[2] @ camera_mount()
    _, depth = renderer.render(T)
    points = _world_points(depth, renderer.K, T)
    assert points[..., 0].max() < WIDTH + 0.01 and points[..., 1].max() < DEPTH + 0.01
    floor = points[..., 2] < 0.002
    assert floor.sum() > 1500
    assert np.quantile(np.abs(points[floor][:, 2]), 0.98) < 1e-4
    wall = np.abs(points[..., 1] - DEPTH) < 0.005
    assert wall.sum() > 500 and np.median(np.abs(points[wall][:, 1] - DEPTH)) < 2e-4
    shifted = _world_points(depth, renderer.K, T, shift=0.5)
    assert np.median(np.abs(shifted[floor][:, 2])) > 4e-3


def test_frame_reprojects_into_a_later_frame(renderer: WorldRenderer) -> None:
    """Depth of i carried to j is the depth of j; not so half a pixel off."""
    drive = drive_through(0, 60) @ camera_mount()
    T_i, T_j = drive[20], drive[24]
    color_i, depth_i = renderer.render(T_i)
    color_j, depth_j = renderer.render(T_j)

    def compare(shift: float) -> tuple[float, float]:
        points = _world_points(depth_i, renderer.K, T_i, shift)
        seen = (points - T_j[:3, 3]) @ T_j[:3, :3]
        u, v = ((seen[..., axis] / seen[..., 2] * renderer.K[axis, axis]
                 + renderer.K[axis, 2]).astype(np.float32) for axis in (0, 1))
        there = cv2.remap(depth_j, u, v, cv2.INTER_LINEAR, borderValue=0.0)
        painted = cv2.remap(color_j, u, v, cv2.INTER_LINEAR).astype(float)
        visible = (there > 0) & (depth_i > 0)
        assert visible.mean() > 0.6
        return (float(np.median(np.abs(there / seen[..., 2] - 1)[visible])),
                float(np.abs(painted - color_i).mean(-1)[visible].mean()))

    geometry, color = compare(0.0)
    assert geometry < 3e-4
    off_geometry, off_color = compare(0.5)
    assert off_geometry > 3 * geometry
    assert off_color > 1.1 * color


def test_same_world_and_pose_give_the_same_bytes(renderer: WorldRenderer) -> None:
    """Drawing twice changes nothing."""
    T = drive_through(0, 30)[15] @ camera_mount()
    first, second = renderer.render(T), renderer.render(T)
    assert (first[0] == second[0]).all() and (first[1] == second[1]).all()


def test_any_pinhole_can_be_given(renderer: WorldRenderer, room: World) -> None:
    """With its principal point moved by whole pixels a camera sees the same, moved."""
    T = drive_through(0, 30)[15] @ camera_mount()
    K = renderer.K + np.array([[0, 0, 7.0], [0, 0, -4.0], [0, 0, 0]])
    with WorldRenderer(room, width=160, height=120, K=K) as moved:
        _, depth = moved.render(T)
    _, expected = renderer.render(T)
    assert np.abs(depth[:-4, 7:] / expected[4:, :-7] - 1).max() < 1e-3


def _lit_floor(lights: Sequence[Light]) -> np.ndarray:
    # From 4 m above: a floor and, half way up, a plate of 1 m to the right.
    builder = WorldBuilder({'white': Material(WHITE)}, lights=list(lights))
    builder.add('white', panel((-4, -4, 0), (8, 0, 0), (0, 8, 0)))
    builder.add('white', panel((1, -0.5, 1), (1, 0, 0), (0, 1, 0)).double_sided())
    T = np.diag([1.0, -1.0, -1.0, 1.0])
    T[2, 3] = 4.0
    with WorldRenderer(builder.build((0.1, 0.1, 0.1), SKY), width=101, height=101,
                       hfov=np.pi / 2) as renderer:
        return renderer.render(T)[0][..., 0].astype(int)


def test_a_lamp_throws_shadows_where_geometry_says() -> None:
    """A lamp 2 m above the floor doubles the plate's outline: it is dark at 2 to 4 m."""
    down, white = (0.0, 0.0, -1.0), (0.8, 0.8, 0.8)
    floor = _lit_floor([Light((0.0, 0.0, 2.0), down, white)])
    row = floor[50]  # 12.5 px a metre, the middle pixel is 50
    shade, sunny = row[50 + 36:50 + 48], row[50 - 48:50 - 36]
    assert shade.max() < 30 < sunny.min()
    assert floor[50 + 16, 50 + 36] > 30, 'beside the shadow of 1 m to both sides'
    without = _lit_floor([Light((0.0, 0.0, 2.0), down, white, shadow=False)])
    assert np.abs(without[50, 50 + 36:50 + 48] - without[50, 50 - 36:50 - 48:-1]).max() <= 2
    sun = _lit_floor([Light((0.0, 0.0, 9.0), down, white, directional=True)])
    assert abs(int(sun[50, 50]) - 255 * 0.9) < 3 and sun[50, 20] == sun[50, 70]


def test_the_reach_of_a_lamp_halves_its_light() -> None:
    """Below a lamp 2 m up a reach of 2 m leaves half of what an endless reach gives."""
    lamp = Light((0.0, 0.0, 2.0), (0.0, 0.0, -1.0), (0.6, 0.6, 0.6), cutoff=120.0, shadow=False)
    full, half = (_lit_floor([light])[50, 50] - 0.1 * 255
                  for light in (lamp, replace(lamp, reach=2.0)))
    assert half == pytest.approx(full / 2, abs=2)


def test_too_many_lights_are_refused() -> None:
    """More lamps than the shader takes are named with both limits."""
    lamp = Light((0.0, 0.0, 2.0), (0.0, 0.0, -1.0), (0.1, 0.1, 0.1))
    with pytest.raises(ConfigError, match='may have 8 lights, 4 of them with shadows; this one '
                                          'has 5 and 5'):
        _lit_floor([lamp] * 5)


def test_sky_has_no_depth(renderer: WorldRenderer) -> None:
    """Through the window the last frame sees the sky: depth 0, bright colour."""
    color, depth = renderer.render(drive_through(0, 30)[-1] @ camera_mount())
    assert 0.01 < (depth == 0).mean() < 0.3
    assert color[depth == 0].mean() > 150
    assert color.std() > 30

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

"""A frame as the odometry sees it: at the size of the motion networks, depth on its pixels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.camera_model import CameraModel, Matrix
from sa4depth_ros.runtime.odometry_depth import (
    corrected, inverse_depth, InverseDepth, Layer, layers)
from sa4depth_ros.runtime.odometry_types import OdometryInput
from sa4depth_ros.runtime.preprocess import (
    check_image, FrameGeometry, Preprocessor, SMALLEST_SIDE)

# Grey levels by which neighbouring pixels of a picture with some texture differ, and the share
# of pixels that must; a covered lens shows noise at most.
_TEXTURE = 4 / 255
_LEAST_TEXTURE = 0.002
_LEAST_DEPTH = 0.02
# Every n-th row and column is enough to tell how a picture moves.
_EVERY = 8


@dataclass(eq=False)
class OdometryFrame:
    """
    One frame, all of it (H, W) at network size.

    ``image`` (H, W, 3) uint8; ``depth`` float32, 0 where unknown; ``seen`` float32, 1 where the
    picture shows the world; ``K`` (3, 3); ``features`` as MotionEngines gives them;
    ``is_predicted`` as in OdometryInput.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    seen: NDArray[np.float32]
    K: Matrix
    seconds: float
    features: Mapping[str, NDArray[Any]]
    is_predicted: bool = False
    _inverse: InverseDepth | None = field(default=None, repr=False)

    @property
    def inverse_depth(self) -> InverseDepth:
        """Give or take one over ``depth`` with its variance; both change together."""
        if self._inverse is None:
            self._inverse = inverse_depth(self.depth)
        return self._inverse

    @inverse_depth.setter
    def inverse_depth(self, known: InverseDepth) -> None:
        self._inverse, self.depth = known, known.depth

    @cached_property
    def layers(self) -> list[Layer]:
        """Give the picture as depth is matched in it."""
        return layers(self.image)

    def corrected_by(self, other: 'OdometryFrame', T: Matrix) -> InverseDepth:
        """Give the inverse depth, corrected by how ``other`` sees it after ``T`` (4, 4)."""
        return corrected(self.inverse_depth, self.layers, other.layers, T, self.K)

    @cached_property
    def flaw(self) -> str:
        """Say why nothing can be aligned to this frame; empty when something can."""
        if not self.has_texture:
            return 'the picture has no texture (is the lens covered?)'
        share = (self.depth > 0).sum() / max(self.seen.sum(), 1)
        return '' if share >= _LEAST_DEPTH else (
            f'only {100 * share:.1f} % of the picture has depth')

    @cached_property
    def has_texture(self) -> bool:
        """Whether there is anything to see at all."""
        gradient = self.features['gradient'][0, 0]
        textured = (gradient > _TEXTURE) & (self.seen > 0)
        return bool(textured.sum() >= _LEAST_TEXTURE * self.seen.sum())

    @cached_property
    def median_depth(self) -> float:
        """Median of the known depth, 0 when there is none."""
        known = self.depth[self.depth > 0]
        return float(np.median(known)) if known.size else 0.0


class FrameMaker:
    """Brings images and depth to the size of the networks; remembers the last geometry."""

    def __init__(self, size: tuple[int, int]) -> None:
        """Make frames of ``size`` (width, height)."""
        self._preprocess = Preprocessor(size[1], size[0])
        self._geometry: FrameGeometry | None = None
        self._seen = np.zeros(0, np.float32)
        self._depth_key: Any = None
        self._places = np.zeros(0, np.intp)
        self._known = np.zeros(0, bool)

    def __call__(self, given: OdometryInput) -> OdometryFrame:
        """Give the frame, without features as yet; FrameError for input that cannot be."""
        _check(given)
        image, geometry = self._preprocess(given.rgb, given.camera)
        if geometry is not self._geometry:
            self._geometry, self._seen, self._depth_key = geometry, _seen(geometry), None
        assert geometry.K_network is not None
        return OdometryFrame(image, self._depth(given, geometry), self._seen, geometry.K_network,
                             given.seconds, {}, given.is_predicted)

    def _depth(self, given: OdometryInput, geometry: FrameGeometry) -> NDArray[np.float32]:
        camera = given.depth_camera
        key = given.depth.shape, None if camera is None else camera.key
        if key != self._depth_key:
            self._places, self._known = _depth_places(given.depth.shape, camera, geometry)
            self._depth_key = key
        # Nearest neighbours: depth is never blended.
        depth = given.depth.ravel()[self._places]
        usable = self._known & (depth > 0) & (depth < np.inf)
        return np.where(usable, depth, np.float32(0))


def flow_between(frame: OdometryFrame, T_a: Matrix, T_b: Matrix) -> float:
    """
    Give how far apart two motions (4, 4) put the pixels of ``frame``, median, in pixels.

    Some of those that have depth; infinite when neither motion leaves any in view.
    """
    rows, columns = (np.arange(_EVERY // 2, side, _EVERY) for side in frame.depth.shape)
    u, v = (grid.ravel() for grid in np.meshgrid(columns, rows))
    depth = frame.depth[v, u].astype(np.float64)
    known = depth > 0
    pixels = np.stack((u[known], v[known], np.ones(known.sum())))
    points = np.linalg.solve(frame.K, pixels) * depth[known]
    a, b = (frame.K @ (T[:3, :3] @ points + T[:3, 3:]) for T in (T_a, T_b))
    ahead = (a[2] > 0) & (b[2] > 0)
    if not ahead.any():
        return float('inf')
    apart = a[:2, ahead] / a[2, ahead] - b[:2, ahead] / b[2, ahead]
    return float(np.median(np.hypot(*apart)))


def _seen(geometry: FrameGeometry) -> NDArray[np.float32]:
    left, top, width, height = geometry.inner
    seen = np.zeros(geometry.network_size[::-1], np.float32)
    seen[top:top + height, left:left + width] = (
        1 if geometry.invalid is None else ~geometry.invalid)
    return seen


def _depth_places(
    shape: tuple[int, ...], camera: CameraModel | None, geometry: FrameGeometry,
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Give the flat index into depth (h', w') for each network pixel, and whether there is one."""
    rows, columns = shape
    if camera is None:
        left, top, width, height = geometry.inner
        x, y = ((np.arange(n) - first + 0.5) * side / inner - 0.5 for n, first, side, inner in zip(
            geometry.network_size, (left, top), (columns, rows), (width, height)))
        u, v = (np.rint(axis).astype(np.intp) for axis in np.meshgrid(x, y))
    else:
        depth_geometry = FrameGeometry((columns, rows), geometry.network_size, camera)
        assert geometry.K_network is not None
        places = depth_geometry.places(geometry.K_network, geometry.network_size)
        u, v = (np.rint(axis).astype(np.intp) for axis in places)
    known = (u >= 0) & (u < columns) & (v >= 0) & (v < rows)
    return np.where(known, v * columns + u, 0), known


def _check(given: OdometryInput) -> None:
    depth, camera = given.depth, given.camera
    check_image(given.rgb, camera)
    if depth.ndim != 2 or depth.dtype != np.float32:
        raise FrameError(f'expected depth (h, w) of float32, got {depth.shape} of {depth.dtype}',
                         'depth')
    if min(depth.shape) < SMALLEST_SIDE:
        raise FrameError(f'expected depth of at least {SMALLEST_SIDE} pixels a side, got '
                         f'{depth.shape[1]}x{depth.shape[0]}', 'size')
    other = given.depth_camera
    if other is not None and (other.height, other.width) != depth.shape:
        raise FrameError(f'the camera model of depth is for {other.width}x{other.height}, depth '
                         f'is {depth.shape[1]}x{depth.shape[0]}', 'depth_info_size')
    if other is None and abs(depth.shape[1] * camera.height
                             / (depth.shape[0] * camera.width) - 1) > 0.02:
        raise FrameError(
            f'depth of {depth.shape[1]}x{depth.shape[0]} cannot be registered to an image of '
            f'{camera.width}x{camera.height}, another shape; give its camera_info', 'depth_shape')
    if not np.isfinite(given.seconds):
        raise FrameError(f'expected a finite stamp, got {given.seconds}', 'stamp')

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

"""From a camera image to the network input: undistort, resize and letterbox in one step."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.camera_model import CameraModel, Matrix, scaled_intrinsics

Image = NDArray[np.uint8]
Maps = tuple[NDArray[np.int16], NDArray[np.uint16]]

# Pixels; the fixed-point maps of cv2.remap are no finer than 1/32.
_SLACK = 1 / 32
SMALLEST_SIDE = 16
"""Pixels; a smaller image is a mistake."""


@dataclass(frozen=True, eq=False)
class FrameGeometry:
    """
    Where the pixels of one image lie in the network input.

    Sizes are (width, height). ``inner`` is the rectangle (x, y, width, height) of the network
    input that shows the image; around it lies black padding. ``camera`` is None when the
    image is uncalibrated.
    """

    image_size: tuple[int, int]
    network_size: tuple[int, int]
    camera: CameraModel | None

    @cached_property
    def inner(self) -> tuple[int, int, int, int]:
        """Largest centred rectangle of the image's shape."""
        scale = min(n / i for n, i in zip(self.network_size, self.image_size))
        size = [max(1, min(n, round(i * scale)))
                for n, i in zip(self.network_size, self.image_size)]
        x, y = ((n - s) // 2 for n, s in zip(self.network_size, size))
        return x, y, size[0], size[1]

    @cached_property
    def ratios(self) -> tuple[float, float]:
        """Network pixels per image pixel, (x, y)."""
        return self.inner[2] / self.image_size[0], self.inner[3] / self.image_size[1]

    @cached_property
    def K_network(self) -> Matrix | None:
        """Rectified intrinsics (3x3) of the network input, None when uncalibrated."""
        if self.camera is None:
            return None
        return scaled_intrinsics(self.camera.P, self.ratios, self.inner[:2])

    @cached_property
    def needs_remap(self) -> bool:
        """Whether the lens distorts, so that resizing alone is not enough."""
        return self.camera is not None and not self.camera.is_rectified

    @cached_property
    def invalid(self) -> NDArray[np.bool_] | None:
        """Pixels of ``inner`` (height, width) that the rectified image does not cover."""
        if not self.needs_remap:
            return None
        assert self.K_network is not None and self.camera is not None
        x, y = self.places(self.K_network, self.network_size)
        # Beyond the outermost pixel centres colours are blended with the black outside.
        outside = ((x < -_SLACK) | (x > self.image_size[0] - 1 + _SLACK)
                   | (y < -_SLACK) | (y > self.image_size[1] - 1 + _SLACK))
        left, top, width, height = self.inner
        cut = outside[top:top + height, left:left + width]
        return cut if cut.any() else None

    @cached_property
    def shrunk_size(self) -> tuple[int, int]:
        """Size to which the image is averaged before the remap, against aliasing."""
        factor = max(1, int(0.5 / max(self.ratios)))
        width, height = (round(side / factor) for side in self.image_size)
        return width, height

    @cached_property
    def network_maps(self) -> Maps:
        """Give the maps for cv2.remap from the (shrunk) image to the network input."""
        assert self.K_network is not None
        x, y = self.places(self.K_network, self.network_size)
        outside = np.ones(x.shape, dtype=bool)
        left, top, width, height = self.inner
        outside[top:top + height, left:left + width] = False
        shrinking = zip((x, y), self.shrunk_size, self.image_size)
        x, y = ((m + np.float32(0.5)) * np.float32(s / i) - np.float32(0.5)
                for m, s, i in shrinking)
        x[outside] = y[outside] = -2.0
        return cv2.convertMaps(x, y, cv2.CV_16SC2)  # type: ignore[return-value]

    @cached_property
    def color_maps(self) -> Maps:
        """Give the maps for cv2.remap from the raw to the rectified image, both of image size."""
        assert self.camera is not None
        x, y = self.places(self.camera.P, self.image_size)
        return cv2.convertMaps(x, y, cv2.CV_16SC2)  # type: ignore[return-value]

    def rectify(self, image: Image) -> Image:
        """Give the image (h, w, 3) without lens distortion, black where the lens sees nothing."""
        if not self.needs_remap:
            return image
        first, second = self.color_maps
        return cv2.remap(  # type: ignore[return-value]
            image, first, second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)

    def places(
        self, new_matrix: Matrix, size: tuple[int, int],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Give x and y (h, w) in the raw image of each pixel of a rectified one of ``size``."""
        camera = self.camera
        assert camera is not None
        fisheye = camera.distortion_model == 'equidistant'
        make = cv2.fisheye.initUndistortRectifyMap if fisheye else cv2.initUndistortRectifyMap
        coefficients = np.array(camera.D or (0.0,) * 4)
        maps = make(camera.K, coefficients, camera.R, new_matrix, size, cv2.CV_32FC1)
        return maps  # type: ignore[return-value]


class Preprocessor:
    """Makes network inputs of one size; remembers the geometry of the last camera."""

    def __init__(self, height: int, width: int) -> None:
        self._size = (width, height)
        self._geometry: FrameGeometry | None = None

    def __call__(self, rgb: Image, camera: CameraModel | None) -> tuple[Image, FrameGeometry]:
        """
        Give the network input (height, width, 3) uint8 and the geometry that made it.

        ``rgb`` is (h, w, 3) uint8; ``camera``, if known, is of that size.
        """
        geometry = self._geometry_of((rgb.shape[1], rgb.shape[0]), camera)
        if geometry.needs_remap:
            return self._remapped(rgb, geometry), geometry
        return self._resized(rgb, geometry), geometry

    def _geometry_of(
        self, image_size: tuple[int, int], camera: CameraModel | None,
    ) -> FrameGeometry:
        last = self._geometry
        key = None if camera is None else camera.key
        if (last is None or last.image_size != image_size
                or (None if last.camera is None else last.camera.key) != key):
            last = self._geometry = FrameGeometry(image_size, self._size, camera)
        return last

    def _resized(self, rgb: Image, geometry: FrameGeometry) -> Image:
        x, y, width, height = geometry.inner
        small = resize(rgb, (width, height))
        if (width, height) == self._size:
            return small
        canvas = np.zeros((self._size[1], self._size[0], 3), dtype=np.uint8)
        canvas[y:y + height, x:x + width] = small
        return canvas

    def _remapped(self, rgb: Image, geometry: FrameGeometry) -> Image:
        if geometry.shrunk_size != geometry.image_size:
            rgb = resize(rgb, geometry.shrunk_size)
        first, second = geometry.network_maps
        return cv2.remap(  # type: ignore[return-value]
            rgb, first, second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def resize(image: Image, size: tuple[int, int]) -> Image:
    """Resize (h, w, 3) uint8 to ``size`` (width, height), averaging where it gets smaller."""
    smaller = size[0] < image.shape[1]
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=interpolation)  # type: ignore[return-value]


def check_image(rgb: Image, camera: CameraModel | None) -> None:
    """Refuse (FrameError) what is no image (h, w, 3) of uint8, or not that of ``camera``."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise FrameError(f'expected an image (h, w, 3) of uint8, got {rgb.shape} of {rgb.dtype}',
                         'size')
    if min(rgb.shape[:2]) < SMALLEST_SIDE:
        raise FrameError(f'expected an image of at least {SMALLEST_SIDE} pixels a side, got '
                         f'{rgb.shape[1]}x{rgb.shape[0]}', 'size')
    if camera is not None and (camera.height, camera.width) != rgb.shape[:2]:
        raise FrameError(f'the camera model is for {camera.width}x{camera.height}, the image is '
                         f'{rgb.shape[1]}x{rgb.shape[0]}', 'camera_info_size')

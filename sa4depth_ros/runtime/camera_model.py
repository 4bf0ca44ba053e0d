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

"""A pinhole camera with lens distortion, for images of one size."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import FrameError

Matrix = NDArray[np.float64]

# Allowed numbers of coefficients, as in sensor_msgs/distortion_models and OpenCV.
_COEFFICIENTS = {
    'plumb_bob': (4, 5),
    'rational_polynomial': (8, 12, 14),
    'equidistant': (4,),
}
_ASPECT_TOLERANCE = 0.01


@dataclass(frozen=True, eq=False)
class CameraModel:
    """
    Calibration of one camera at one image size.

    ``K`` (3x3) is of the raw image, ``P`` (3x3) of the rectified one, ``R`` (3x3) rotates
    raw camera rays into rectified ones; pixels, centres at integer coordinates, optical frame
    (REP 103). ``D`` has the coefficients of ``distortion_model`` ('' means none).
    ``rescaled`` says that the calibration was made for another image size of the same shape.
    """

    width: int
    height: int
    K: Matrix
    R: Matrix
    P: Matrix
    distortion_model: str = ''
    D: tuple[float, ...] = ()
    rescaled: bool = False

    @classmethod
    def from_calibration(
        cls, *, width: int, height: int, K: Sequence[float],
        D: Sequence[float] = (), R: Sequence[float] = (),
        P: Sequence[float] = (), distortion_model: str = '',
        binning: tuple[int, int] = (0, 0), roi: tuple[int, int, int, int] = (0, 0, 0, 0),
        image_size: tuple[int, int] | None = None,
    ) -> 'CameraModel':
        """
        Make the model of an image from the fields of a sensor_msgs/CameraInfo.

        ``K``, ``R`` have 9 and ``P`` 12 numbers, row by row; ``roi`` is (x, y, width, height)
        and, as ``width`` and ``height``, in pixels of the unbinned sensor. ``image_size``
        (width, height) is that of the actual image. Raises FrameError with cause
        'uncalibrated', 'camera_info' or 'camera_info_size'.
        """
        raw = _raw_matrix(K)
        projection = _projection_matrix(P, raw)
        model, coefficients = _distortion(distortion_model, D)
        region = (roi[0], roi[1], roi[2] or width, roi[3] or height)
        bins = (max(binning[0], 1), max(binning[1], 1))
        size = (region[2] // bins[0], region[3] // bins[1])
        image = image_size or size
        size = size if min(size) > 0 else image
        camera = cls(
            size[0], size[1], _shift_and_scale(raw, region[:2], (1 / bins[0], 1 / bins[1])),
            _rotation(R), _shift_and_scale(projection, region[:2], (1 / bins[0], 1 / bins[1])),
            model, coefficients)
        return camera if image == size else camera._for_image_size(image)

    def _for_image_size(self, image: tuple[int, int]) -> 'CameraModel':
        ratios = (image[0] / self.width, image[1] / self.height)
        if abs(ratios[0] / ratios[1] - 1) > _ASPECT_TOLERANCE:
            raise FrameError(
                f'camera_info is for images of {self.width}x{self.height} (after binning and '
                f'ROI), the image is {image[0]}x{image[1]}, another shape. Publish the '
                'camera_info of this very image.', 'camera_info_size')
        return replace(
            self, width=image[0], height=image[1], rescaled=True,
            K=_shift_and_scale(self.K, (0, 0), ratios),
            P=_shift_and_scale(self.P, (0, 0), ratios))

    @cached_property
    def key(self) -> tuple[Any, ...]:
        """Give a hashable value, equal for equal calibrations."""
        return (self.width, self.height, self.distortion_model, self.D,
                self.K.tobytes(), self.R.tobytes(), self.P.tobytes())

    @property
    def summary(self) -> str:
        """Say in a line which camera it is: size, K and kind of distortion."""
        return (f'{self.width}x{self.height}, fx {self.K[0, 0]:.1f}, fy {self.K[1, 1]:.1f}, '
                f'cx {self.K[0, 2]:.1f}, cy {self.K[1, 2]:.1f}, '
                f'{self.distortion_model or "no distortion"}')

    @cached_property
    def is_rectified(self) -> bool:
        """Whether the raw image is the rectified one already."""
        return (not self.distortion_model and np.array_equal(self.R, np.eye(3))
                and np.allclose(self.K, self.P, rtol=0, atol=1e-6))

    def as_rectified(self) -> 'CameraModel':
        """Give the camera of images that were rectified before they came here."""
        return replace(self, K=self.P, R=np.eye(3), distortion_model='', D=())


def scaled_intrinsics(
    matrix: Matrix, ratios: tuple[float, float], offset: tuple[float, float] = (0.0, 0.0),
) -> Matrix:
    """
    Follow a resize by ``ratios`` (x, y) and then a shift by ``offset`` pixels.

    ``matrix`` is 3x3. Pixel centres are at integers, so c' = (c + 0.5) s - 0.5 (method.md 0).
    """
    result = matrix.copy()
    result[0] *= ratios[0]
    result[1] *= ratios[1]
    result[0, 2] += 0.5 * ratios[0] - 0.5 + offset[0]
    result[1, 2] += 0.5 * ratios[1] - 0.5 + offset[1]
    return result


def _shift_and_scale(
    matrix: Matrix, corner: tuple[int, int], ratios: tuple[float, float],
) -> Matrix:
    shifted = matrix.copy()
    shifted[0, 2] -= corner[0]
    shifted[1, 2] -= corner[1]
    return scaled_intrinsics(shifted, ratios)


def _raw_matrix(values: Sequence[float]) -> Matrix:
    matrix = _matrix(values, (3, 3), 'K')
    if matrix[0, 0] == 0 or matrix[1, 1] == 0:
        raise FrameError('camera_info has K[0] == 0, which means uncalibrated. Calibrate the '
                         'camera (camera_calibration) and publish its K.', 'uncalibrated')
    if min(matrix[0, 0], matrix[1, 1]) < 0 or not np.allclose(matrix[2], (0, 0, 1)):
        raise FrameError('camera_info: expected K = [fx 0 cx, 0 fy cy, 0 0 1] with positive '
                         f'fx and fy, got {matrix.tolist()}', 'camera_info')
    return matrix


def _projection_matrix(values: Sequence[float], raw: Matrix) -> Matrix:
    if len(values) == 0 or values[0] == 0:
        return raw
    return np.ascontiguousarray(_matrix(values, (3, 4), 'P')[:, :3])


def _rotation(values: Sequence[float]) -> Matrix:
    if len(values) == 0 or not np.any(values):
        return np.eye(3)
    rotation = _matrix(values, (3, 3), 'R')
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3):
        raise FrameError(f'camera_info: R is no rotation: {rotation.tolist()}', 'camera_info')
    return rotation


def _matrix(values: Sequence[float], shape: tuple[int, int], name: str) -> Matrix:
    matrix = np.array(values, dtype=np.float64)
    if matrix.size != shape[0] * shape[1] or not np.all(np.isfinite(matrix)):
        raise FrameError(f'camera_info: expected {shape[0] * shape[1]} finite numbers in {name}, '
                         f'got {matrix.tolist()}', 'camera_info')
    return matrix.reshape(shape)


def _distortion(model: str, values: Sequence[float]) -> tuple[str, tuple[float, ...]]:
    coefficients = tuple(float(value) for value in values)
    if not np.all(np.isfinite(coefficients)):
        raise FrameError(f'camera_info: D has a value that is no number: {coefficients}',
                         'camera_info')
    # An equidistant lens with zero coefficients still is a fisheye.
    if not any(coefficients) and model != 'equidistant':
        return '', ()
    if model not in _COEFFICIENTS:
        raise FrameError(f"camera_info: distortion model '{model}' is not supported; use one "
                         f"of {', '.join(_COEFFICIENTS)}", 'camera_info')
    if len(coefficients) not in _COEFFICIENTS[model]:
        raise FrameError(f'camera_info: {model} has {len(coefficients)} coefficients in D, '
                         f'expected one of {_COEFFICIENTS[model]}', 'camera_info')
    return model, coefficients

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

"""Which calibration belongs to an image."""

from typing import Any

from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.conversions import camera_from_info, info_content
from sa4depth_ros.runtime.camera_model import CameraModel
from sensor_msgs.msg import CameraInfo

_MOST_SIZES = 4


class Calibrations:
    """
    Remembers the newest camera_info of each image size.

    Where a camera changes its resolution, images and camera_infos of both sizes arrive in any
    order; each image still gets its own. One thread may put while another one asks.
    """

    def __init__(self) -> None:
        self._infos: tuple[CameraInfo, ...] = ()
        self._newest: tuple[Any, ...] = ()
        self._cameras: dict[tuple[int, int], CameraModel] = {}
        self.state = 'no camera_info received'
        self.is_calibrated = False
        self.is_exact = True

    def put(self, info: CameraInfo) -> None:
        """Take a camera_info; the same content again costs nearly nothing."""
        content = info_content(info)
        if content == self._newest:
            return
        # A driver that says "uncalibrated" takes back what it said before, and vice versa.
        calibrated = [old for old in self._infos if old.k[0] != 0 and info.k[0] != 0]
        others = [old for old in calibrated if _size(old) != _size(info)]
        self._infos = (info, *others)[:_MOST_SIZES]
        self._newest = content
        self._cameras = {}

    def camera_for(self, width: int, height: int) -> CameraModel | None:
        """
        Give the calibration of a ``width`` x ``height`` image, None when there is none yet.

        Raises FrameError when there is one that cannot belong to such an image.
        """
        cameras = self._cameras
        if (width, height) not in cameras:
            camera = self._find((width, height))
            if camera is None:
                return None
            if len(cameras) >= _MOST_SIZES:
                cameras.clear()
            cameras[width, height] = camera
        camera = cameras[width, height]
        self._describe(camera)
        return camera

    def _find(self, image_size: tuple[int, int]) -> CameraModel | None:
        rescaled: CameraModel | None = None
        problem: FrameError | None = None
        for info in self._infos:
            try:
                camera = camera_from_info(info, image_size)
            except FrameError as error:
                problem = problem or error
                continue
            if not camera.rescaled:
                return camera
            rescaled = rescaled or camera
        if rescaled is None and problem is not None and problem.cause != 'uncalibrated':
            self._set('camera_info cannot be used', False, True)
            raise problem
        if rescaled is None:
            text = 'uncalibrated (K is zero)' if problem else 'no camera_info received'
            self._set(text, False, True)
        return rescaled

    def _describe(self, camera: CameraModel) -> None:
        lens = camera.distortion_model or 'no distortion'
        text = f'calibrated, {camera.width}x{camera.height}, {lens}'
        if camera.rescaled:
            text += ', K scaled from a camera_info of another size'
        self._set(text, True, not camera.rescaled)

    def _set(self, state: str, calibrated: bool, exact: bool) -> None:
        self.state, self.is_calibrated, self.is_exact = state, calibrated, exact


def _size(info: CameraInfo) -> tuple[int, ...]:
    return (info.width, info.height, info.binning_x, info.binning_y,
            info.roi.width, info.roi.height)

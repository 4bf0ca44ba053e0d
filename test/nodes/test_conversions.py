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

"""From messages to arrays, with and without cv_bridge; which calibration goes with an image."""

import sys
import types

from builtin_interfaces.msg import Time
import numpy as np
import pytest
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.calibrations import Calibrations
from sa4depth_ros.nodes.conversions import image_to_rgb, nanoseconds
from sensor_msgs.msg import Image


class CvBridgeError(TypeError):
    """As in cv_bridge."""


@pytest.fixture
def cv_bridge(monkeypatch):
    """Put a stand-in of cv_bridge in place; it knows one vendor encoding."""
    class CvBridge:

        def imgmsg_to_cv2(self, message, desired_encoding):
            assert desired_encoding == 'rgb8'
            if message.encoding != 'vendor_12p':
                raise CvBridgeError(f'no conversion from {message.encoding}')
            return np.full((message.height, message.width, 3), 7, np.uint8)
    module = types.ModuleType('cv_bridge')
    module.CvBridge, module.CvBridgeError = CvBridge, CvBridgeError
    monkeypatch.setitem(sys.modules, 'cv_bridge', module)


@pytest.fixture
def no_cv_bridge(monkeypatch):
    monkeypatch.setitem(sys.modules, 'cv_bridge', None)


def test_rgb_images_are_not_copied(make_image, no_cv_bridge):
    message = make_image(100)
    rgb = image_to_rgb(message)
    assert rgb.shape == (96, 128, 3)
    assert np.shares_memory(rgb, np.frombuffer(message.data, np.uint8))


def test_unknown_encodings_go_through_cv_bridge(make_image, cv_bridge):
    message = make_image(100)
    message.encoding = 'vendor_12p'
    rgb = image_to_rgb(message)
    assert (rgb.shape, rgb.dtype) == ((96, 128, 3), np.uint8)
    assert (rgb == 7).all()


def test_what_cv_bridge_cannot_convert_is_refused(make_image, cv_bridge):
    message = make_image(100)
    message.encoding = '32FC1'
    with pytest.raises(FrameError, match='nor can cv_bridge convert it') as caught:
        image_to_rgb(message)
    assert caught.value.cause == 'encoding'


def test_known_encodings_never_import_cv_bridge(make_image, no_cv_bridge):
    assert (image_to_rgb(make_image(9)) == 9).all()


def test_without_cv_bridge_unknown_encodings_are_refused(make_image, no_cv_bridge):
    message = make_image(100)
    message.encoding = 'vendor_12p'
    with pytest.raises(FrameError, match='cv_bridge is not available') as caught:
        image_to_rgb(message)
    assert caught.value.cause == 'encoding'


def test_an_empty_message_of_unknown_encoding_is_empty(cv_bridge):
    with pytest.raises(FrameError) as caught:
        image_to_rgb(Image(encoding='vendor_12p'))
    assert caught.value.cause == 'empty'


def test_stamps_are_nanoseconds():
    assert nanoseconds(Time(sec=3, nanosec=5)) == 3_000_000_005


def test_no_calibration_yet():
    calibrations = Calibrations()
    assert calibrations.camera_for(128, 96) is None
    assert not calibrations.is_calibrated
    assert calibrations.state == 'no camera_info received'


def test_the_same_content_gives_the_same_camera(make_info):
    calibrations = Calibrations()
    calibrations.put(make_info())
    camera = calibrations.camera_for(128, 96)
    later = make_info()
    later.header.stamp.sec = 7
    calibrations.put(later)
    assert calibrations.camera_for(128, 96) is camera
    changed = make_info()
    changed.k[0] += 1.0
    calibrations.put(changed)
    assert calibrations.camera_for(128, 96).K[0, 0] == camera.K[0, 0] + 1.0


def test_each_size_has_its_own_calibration(make_info):
    calibrations = Calibrations()
    for width, height in ((128, 96), (160, 90), (128, 96), (160, 90)):
        calibrations.put(make_info(width, height))
    for width, height in ((128, 96), (160, 90)):
        camera = calibrations.camera_for(width, height)
        assert (camera.width, camera.height, camera.rescaled) == (width, height, False)
        assert camera.K[0, 0] == pytest.approx(0.8 * width)


def test_an_exact_size_beats_a_newer_one_that_needs_scaling(make_info):
    calibrations = Calibrations()
    calibrations.put(make_info(128, 96))
    calibrations.put(make_info(256, 192))
    assert not calibrations.camera_for(128, 96).rescaled
    assert calibrations.camera_for(64, 48).rescaled
    assert not calibrations.is_exact


def test_zero_k_takes_back_every_calibration(make_info):
    calibrations = Calibrations()
    calibrations.put(make_info())
    zero = make_info()
    zero.k = [0.0] * 9
    calibrations.put(zero)
    assert calibrations.camera_for(128, 96) is None
    assert calibrations.state == 'uncalibrated (K is zero)'
    calibrations.put(make_info())
    assert calibrations.camera_for(128, 96) is not None
    assert calibrations.is_calibrated


def test_memory_is_bounded(make_info):
    calibrations = Calibrations()
    for width in range(100, 200):
        calibrations.put(make_info(width, 96))
        calibrations.camera_for(width, 96)
    assert len(calibrations._infos) <= 4
    assert len(calibrations._cameras) <= 4

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

import numpy as np
import pytest
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.camera_model import CameraModel, scaled_intrinsics

K = (500.0, 0, 319.5, 0, 510.0, 239.5, 0, 0, 1)


def camera(**changes):
    values = {'width': 640, 'height': 480, 'K': K} | changes
    return CameraModel.from_calibration(**values)


def test_plain_calibration_is_rectified():
    model = camera(D=(0.0,) * 5, distortion_model='plumb_bob')
    assert model.is_rectified
    np.testing.assert_array_equal(model.P, np.reshape(K, (3, 3)))


def test_projection_matrix_of_the_message_wins_over_k():
    model = camera(P=(400.0, 0, 300, 0, 0, 400, 200, 0, 0, 0, 1, 0))
    assert not model.is_rectified
    np.testing.assert_array_equal(model.P, [[400, 0, 300], [0, 400, 200], [0, 0, 1]])
    assert model.as_rectified().is_rectified


def test_resize_follows_the_half_pixel_rule():
    """A point at the image's left edge (-0.5) stays at the left edge."""
    small = scaled_intrinsics(np.reshape(K, (3, 3)), (0.5, 0.25))
    x = (-0.5 - 319.5) / 500
    assert small[0, 0] * x + small[0, 2] == pytest.approx(-0.5)
    y = (479.5 - 239.5) / 510
    assert small[1, 1] * y + small[1, 2] == pytest.approx(119.5)


def test_binning_and_roi_move_the_principal_point():
    model = camera(binning=(2, 2), roi=(100, 40, 400, 300))
    assert (model.width, model.height) == (200, 150)
    assert model.K[0, 0] == 250
    assert model.K[0, 2] == pytest.approx((319.5 - 100 + 0.5) / 2 - 0.5)
    assert model.K[1, 2] == pytest.approx((239.5 - 40 + 0.5) / 2 - 0.5)


def test_other_size_of_same_shape_is_scaled_and_says_so():
    model = camera(image_size=(320, 240))
    assert model.rescaled
    assert (model.K[0, 0], model.K[0, 2]) == (250, pytest.approx(159.5))
    assert not camera(image_size=(640, 480)).rescaled


def test_missing_size_is_taken_from_the_image():
    model = camera(width=0, height=0, image_size=(640, 480))
    assert (model.width, model.height, model.rescaled) == (640, 480, False)


def test_equal_calibrations_have_equal_keys():
    assert camera().key == camera().key
    assert camera().key != camera(image_size=(320, 240)).key


@pytest.mark.parametrize(('changes', 'cause', 'text'), [
    ({'K': (0.0,) * 9}, 'uncalibrated', 'uncalibrated'),
    ({'K': (1.0,) * 8}, 'camera_info', '9 finite numbers in K'),
    ({'K': (float('nan'), *K[1:])}, 'camera_info', 'finite'),
    ({'K': (-500.0, *K[1:])}, 'camera_info', 'positive'),
    ({'R': (2.0, *K[1:])}, 'camera_info', 'no rotation'),
    ({'D': (0.1,) * 5, 'distortion_model': 'thin_prism'}, 'camera_info', 'thin_prism'),
    ({'D': (0.1,) * 3, 'distortion_model': 'plumb_bob'}, 'camera_info', '3 coefficients'),
    ({'D': (float('inf'),) * 5, 'distortion_model': 'plumb_bob'}, 'camera_info', 'no number'),
    ({'image_size': (640, 400)}, 'camera_info_size', '640x400'),
])
def test_impossible_calibration_is_refused(changes, cause, text):
    with pytest.raises(FrameError, match=text) as caught:
        camera(**changes)
    assert caught.value.cause == cause

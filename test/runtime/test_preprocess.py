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

import cv2
import numpy as np
import pytest
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry, Preprocessor

SIZE = (320, 240)
K = (260.0, 0, 163.0, 0, 262.0, 117.0, 0, 0, 1)
LENSES = {
    'plumb_bob': (0.1, -0.2, 0.003, -0.002, 0.05),
    'rational_polynomial': (0.3, 0.1, 0.001, -0.001, 0.02, 0.25, 0.05, 0.01),
    'equidistant': (0.03, -0.01, 0.004, -0.001),
}


def camera(lens='', size=SIZE, **changes):
    return CameraModel.from_calibration(
        width=SIZE[0], height=SIZE[1], K=K, D=LENSES.get(lens, ()), distortion_model=lens,
        image_size=size, **changes)


def smooth_image(size=SIZE):
    """Give an image whose colours vary slowly, so that interpolation hardly matters."""
    v, u = np.mgrid[:size[1], :size[0]]
    channels = (np.sin(u / 23) * np.cos(v / 31), np.cos(u / 17), np.sin(v / 13))
    return np.stack([127 + 120 * c for c in channels], axis=-1).astype(np.uint8)


def undistorted(image, lens):
    matrix, coefficients = np.reshape(K, (3, 3)), np.array(LENSES[lens])
    if lens == 'equidistant':
        return cv2.fisheye.undistortImage(image, matrix, coefficients, Knew=matrix)
    return cv2.undistort(image, matrix, coefficients)


def well_inside(geometry):
    """Mask the pixels of the network input that lie 2 pixels or more inside the image."""
    seen = np.ones(geometry.network_size[::-1], np.uint8)
    if geometry.invalid is not None:
        seen[geometry.invalid] = 0
    return cv2.erode(seen, np.ones((5, 5), np.uint8), borderValue=0) > 0


@pytest.mark.parametrize('lens', LENSES)
def test_remap_undistorts_as_opencv_does(lens):
    image = smooth_image()
    output, geometry = Preprocessor(SIZE[1], SIZE[0])(image, camera(lens))
    difference = cv2.absdiff(output, undistorted(image, lens))
    inner = well_inside(geometry)
    assert inner.mean() > 0.8
    assert difference[inner].max() <= 2


@pytest.mark.parametrize('lens', LENSES)
def test_undistorting_while_resizing_equals_doing_one_after_the_other(lens):
    image = smooth_image()
    output, geometry = Preprocessor(120, 160)(image, camera(lens))
    expected = cv2.resize(undistorted(image, lens), (160, 120), interpolation=cv2.INTER_AREA)
    inner = well_inside(geometry)
    assert inner.mean() > 0.8
    assert cv2.absdiff(output, expected)[inner].max() <= 3


def test_large_images_are_averaged_not_skipped_through():
    """A fine checkerboard becomes grey, in the remap as in the resize."""
    board = np.indices((960, 1280)).sum(axis=0) % 2 * np.uint8(255)
    image = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    for lens in ('', 'plumb_bob'):
        output, geometry = Preprocessor(120, 160)(image, camera(lens, size=(1280, 960)))
        centre = output[40:80, 50:110].astype(float)
        assert geometry.needs_remap == bool(lens)
        assert abs(centre.mean() - 127) < 3
        assert centre.std() < 10


@pytest.mark.parametrize('network', [(96, 320), (256, 192), (240, 320)])
def test_letterbox_shows_the_whole_image_and_intrinsics_follow(network):
    """A blob drawn where a ray hits the image is found where K_network says."""
    height, width = network
    ray = np.array([0.21, -0.13, 1.0])
    model = camera()
    u, v, _ = model.K @ ray
    y, x = np.mgrid[:SIZE[1], :SIZE[0]]
    blob = 255 * np.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * 6.0 ** 2))
    image = np.repeat(blob[..., None], 3, axis=2).astype(np.uint8)
    output, geometry = Preprocessor(height, width)(image, model)
    weights = output[..., 0].astype(float)
    rows, columns = np.mgrid[:height, :width]
    found = [(weights * columns).sum() / weights.sum(), (weights * rows).sum() / weights.sum()]
    expected = geometry.K_network @ ray
    np.testing.assert_allclose(found, expected[:2], atol=0.1)
    x, y, w, h = geometry.inner
    outside = np.ones((height, width), bool)
    outside[y:y + h, x:x + w] = False
    assert not output[outside].any()


def test_distorted_padding_is_black_too():
    output, geometry = Preprocessor(192, 320)(np.full((240, 320, 3), 200, np.uint8),
                                              camera('plumb_bob'))
    left = geometry.inner[0]
    assert left > 0
    assert not output[:, :left].any()


def test_rectification_rotation_is_applied():
    """With R a turn of 10 degrees about the axis, the image turns by as much."""
    angle = np.deg2rad(10)
    turn = (np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, 1)
    model = camera(R=turn)
    geometry = FrameGeometry(SIZE, SIZE, model)
    ray = np.array([0.2, 0.1, 1.0])
    u, v, _ = model.P @ (model.R @ ray)
    maps = geometry.places(model.P, SIZE)
    raw = model.K @ ray
    at = (round(v), round(u))
    np.testing.assert_allclose([maps[0][at], maps[1][at]], raw[:2], atol=1.0)


def test_geometry_is_kept_until_camera_or_size_changes():
    preprocess = Preprocessor(96, 128)
    first = preprocess(smooth_image(), camera())[1]
    assert preprocess(smooth_image(), camera())[1] is first
    assert preprocess(smooth_image(), None)[1] is not first
    assert preprocess(smooth_image((160, 120)), None)[1].image_size == (160, 120)

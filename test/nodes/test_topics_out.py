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

"""What the depth node publishes for good images and calibrations."""

import numpy as np
import pytest

ALL = ('depth/image', 'depth/image_raw', 'depth/camera_info', 'points', 'depth/color')


@pytest.fixture(scope='module')
def answers(shared_bench, make_image, make_info):
    """All outputs for one image of grey 100, which is at 2.5 m."""
    found = shared_bench.exchange(make_image(100), make_info(), topics=ALL)
    yield dict(zip(ALL, found))
    shared_bench.leave(*ALL)


def test_every_output_has_the_header_of_the_image(answers):
    assert {m.header.frame_id for m in answers.values()} == {'camera_optical'}
    assert len({(m.header.stamp.sec, m.header.stamp.nanosec) for m in answers.values()}) == 1


def test_depth_image_is_metres_at_image_size(answers):
    depth = answers['depth/image']
    assert (depth.width, depth.height, depth.step) == (128, 96, 512)
    assert (depth.encoding, depth.is_bigendian) == ('32FC1', 0)
    np.testing.assert_allclose(np.frombuffer(depth.data, '<f4'), 2.5, rtol=1e-5)


def test_raw_depth_image_is_millimetres(answers):
    depth = answers['depth/image_raw']
    assert (depth.encoding, depth.step, len(depth.data)) == ('16UC1', 256, 256 * 96)
    assert set(np.frombuffer(depth.data, '<u2')) == {2500}


def test_camera_info_describes_the_depth_pixels(answers, make_info):
    info, given = answers['depth/camera_info'], make_info()
    assert (info.width, info.height) == (128, 96)
    np.testing.assert_allclose(info.k, given.k)
    np.testing.assert_allclose(info.p, given.p)
    np.testing.assert_allclose(info.r, np.eye(3).ravel())
    assert (info.distortion_model, list(info.d)) == ('plumb_bob', [0.0] * 5)
    assert (info.binning_x, info.binning_y, info.roi.width, info.roi.height) == (0, 0, 0, 0)


def test_outputs_of_a_distorted_camera_are_rectified(bench, make_image, make_info):
    """The K that holds for the depth pixels is the P of the camera, without any distortion."""
    lens = make_info()
    lens.d = [0.1, -0.2, 0.001, 0.0, 0.05]
    lens.p[0] = lens.p[5] = 90.0
    try:
        depth, info = bench.exchange(
            make_image(100), lens, topics=('depth/image', 'depth/camera_info'),
            accept=lambda m: np.isnan(np.frombuffer(m.data, '<f4')).any())
    finally:
        bench.leave('depth/camera_info')
    np.testing.assert_allclose(info.k, [90.0, 0, 63.5, 0, 90.0, 47.5, 0, 0, 1])
    assert (info.distortion_model, list(info.d)) == ('plumb_bob', [0.0] * 5)
    pixels = np.frombuffer(depth.data, '<f4').reshape(96, 128)
    # What the wider view shows beyond the raw image is no measurement.
    assert np.isnan(pixels[0, 0])
    np.testing.assert_allclose(pixels[20:76, 24:104], 2.5, rtol=1e-5)


def test_cloud_is_organised_and_lies_at_the_depth(answers, make_info):
    cloud = answers['points']
    assert [(f.name, f.offset, f.datatype, f.count) for f in cloud.fields] == [
        ('x', 0, 7, 1), ('y', 4, 7, 1), ('z', 8, 7, 1), ('rgb', 12, 7, 1)]
    assert (cloud.height, cloud.width, cloud.point_step, cloud.row_step) == (96, 128, 16, 2048)
    assert (cloud.is_dense, cloud.is_bigendian) == (False, False)
    points = np.frombuffer(cloud.data, '<f4').reshape(96, 128, 4)
    fx, cx, cy = make_info().k[0], make_info().k[2], make_info().k[5]
    np.testing.assert_allclose(points[..., 2], 2.5, rtol=1e-5)
    np.testing.assert_allclose(points[10, 20, :2], [(20 - cx) * 2.5 / fx, (10 - cy) * 2.5 / fx],
                               rtol=1e-5)
    assert set(np.frombuffer(cloud.data, '<u4')[3::4]) == {0x646464}


def test_color_view_is_an_rgb_image(answers):
    view = answers['depth/color']
    assert (view.encoding, view.width, view.height, view.step) == ('rgb8', 128, 96, 384)
    assert len(set(np.frombuffer(view.data, np.uint8).reshape(-1, 3)[:, 0])) == 1


def test_invalid_depth_follows_rep_117(bench, make_image, make_info):
    bench.change(min_depth=1.0, max_depth=3.0)
    try:
        near, = bench.exchange(make_image(0), make_info(),
                               accept=lambda m: np.isneginf(np.frombuffer(m.data, '<f4')).all())
        far, raw, cloud = bench.exchange(
            make_image(250), make_info(), topics=('depth/image', 'depth/image_raw', 'points'))
    finally:
        bench.change(min_depth=0.1, max_depth=100.0)
        bench.leave('depth/image_raw', 'points')
    assert near.width == 128
    assert np.isposinf(np.frombuffer(far.data, '<f4')).all()
    assert set(np.frombuffer(raw.data, '<u2')) == {0}
    assert np.isnan(np.frombuffer(cloud.data, '<f4').reshape(-1, 4)[:, :3]).all()

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
from sa4depth_ros.runtime.point_cloud import cloud_shape, CloudBuilder, POINT_STEP

K = np.array([[50.0, 0, 9.3], [0, 60.0, 7.1], [0, 0, 1]])
H, W = 15, 21


def built(depth, rgb, stride=1, builder=None):
    rows, columns = cloud_shape(*depth.shape, stride)
    out = np.zeros(rows * columns * POINT_STEP, np.uint8)
    (builder or CloudBuilder()).fill(out, depth, K, rgb, stride)
    return out.view(np.float32).reshape(rows, columns, 4), out.reshape(rows, columns, POINT_STEP)


def random_frame():
    rng = np.random.default_rng(3)
    return (rng.uniform(0.5, 9, (H, W)).astype(np.float32),
            rng.integers(0, 256, (H, W, 3), dtype=np.uint8))


@pytest.mark.parametrize('stride', [1, 2, 4])
def test_points_project_back_to_their_pixels(stride):
    depth, rgb = random_frame()
    points, raw = built(depth, rgb, stride)
    v, u = np.mgrid[0:H:stride, 0:W:stride]
    xyz = points[..., :3].astype(float)
    pixels = xyz @ K.T
    np.testing.assert_allclose(pixels[..., 0] / pixels[..., 2], u, atol=1e-4)
    np.testing.assert_allclose(pixels[..., 1] / pixels[..., 2], v, atol=1e-4)
    np.testing.assert_array_equal(points[..., 2], depth[::stride, ::stride])
    # Little-endian 0x00RRGGBB.
    np.testing.assert_array_equal(raw[..., 12:15], rgb[::stride, ::stride, ::-1])
    assert not raw[..., 15].any()


def test_invalid_depth_gives_nan_points():
    depth, rgb = random_frame()
    depth[0, :3] = np.nan, np.inf, -np.inf
    points, _ = built(depth, rgb)
    assert np.isnan(points[0, :3, :3]).all()
    assert np.isfinite(points[1:, :, :3]).all()


def test_builder_follows_a_change_of_camera_and_stride():
    builder = CloudBuilder()
    depth, rgb = random_frame()
    built(depth, rgb, 1, builder)
    again, _ = built(depth, rgb, 2, builder)
    fresh, _ = built(depth, rgb, 2)
    np.testing.assert_array_equal(again[..., :3], fresh[..., :3])

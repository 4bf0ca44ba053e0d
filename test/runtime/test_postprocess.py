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
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.postprocess import DepthSettings, finish, to_depth
from sa4depth_ros.runtime.preprocess import FrameGeometry

METRIC = ModelCard('metric', 48, 64)


def finished(depth, image_size=(64, 48), full_size=True, **settings):
    geometry = FrameGeometry(image_size, (64, 48), None)
    return finish(np.array(depth, np.float32), geometry, DepthSettings(**settings), full_size)


def test_disparity_becomes_depth():
    card = ModelCard('d', 1, 4, output='disparity', disparity_scale=0.5, disparity_shift=0.1)
    depth = to_depth(np.array([[0.0, 1.8, -0.2, -5.0]], np.float32), card, 2.0)
    np.testing.assert_allclose(depth[0, :2], [20.0, 2.0], rtol=1e-6)
    assert np.isnan(depth[0, 2:]).all()


def test_nonsense_of_the_network_is_nan():
    values = np.array([[np.nan, np.inf, -1.0, 0.0, 3.0]], np.float32)
    depth = to_depth(values, METRIC, 1.0)
    assert np.isnan(depth[0, :4]).all()
    assert depth[0, 4] == 3


def test_limits_are_marked_as_rep_117_says():
    depth = np.full((48, 64), 2.0)
    depth[0, 0], depth[0, 1] = 0.3, 9.0
    result = finished(depth, min_depth=0.5, max_depth=5.0)
    assert np.isneginf(result[0, 0])
    assert np.isposinf(result[0, 1])
    assert np.isfinite(result[1:]).all()


def test_letterbox_is_cut_off_and_depth_resized_to_the_image():
    """A 2:1 image fills the middle 32 of 48 rows."""
    depth = np.full((48, 64), 99.0)
    depth[8:40] = 4.0
    assert finished(depth, image_size=(128, 64)).shape == (64, 128)
    assert (finished(depth, image_size=(128, 64)) == 4.0).all()
    assert finished(depth, image_size=(128, 64), full_size=False).shape == (32, 64)


def test_no_depth_is_interpolated_out_of_invalid_pixels():
    depth = np.full((48, 64), 2.0)
    depth[20, 30] = np.nan
    result = finished(depth, image_size=(640, 480))
    assert np.isnan(result[200:210, 300:310]).all()
    assert np.unique(result[np.isfinite(result)]).tolist() == [2.0]


def test_edge_filter_cuts_both_sides_of_a_step_and_keeps_slopes():
    depth = np.tile(np.linspace(2, 3, 64), (48, 1))
    assert np.isfinite(finished(depth, edge_filter=0.1)).all()
    depth[:, 32:] += 4
    invalid = np.isnan(finished(depth, edge_filter=0.1))
    assert invalid[:, 31:33].all()
    assert not invalid[:, :30].any()
    assert not invalid[:, 34:].any()
    assert np.isfinite(finished(depth)).all()


@pytest.mark.parametrize('values', [
    {'scale': 0.0}, {'scale': float('nan')}, {'min_depth': 5.0, 'max_depth': 5.0},
    {'min_depth': -1.0}, {'edge_filter': -0.1}, {'edge_filter': float('nan')}])
def test_impossible_settings_are_refused(values):
    with pytest.raises(ConfigError, match=next(iter(values))):
        DepthSettings(**values)

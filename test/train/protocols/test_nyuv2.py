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

"""The labelled data set of NYU Depth v2 in its MATLAB files."""

from made_benchmarks import write_nyuv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.protocols.catalog import open_depth_set


def test_test_frames_are_cropped_and_their_camera_follows(tmp_path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (3, 480, 640, 3), np.uint8)
    depths = rng.uniform(1, 9, (3, 480, 640)).astype(np.float32)
    depths[2, 100, 200] = np.nan
    write_nyuv2(tmp_path, images, depths, test=[1, 3])
    found = open_depth_set('nyuv2', tmp_path)
    assert list(found.names) == ['0001', '0003']
    sample = found.read(1)
    np.testing.assert_array_equal(sample.rgb, images[2, 44:471, 40:601])
    assert sample.target[100 - 44, 200 - 40] == 0
    expected = np.nan_to_num(depths[2, 44:471, 40:601])
    np.testing.assert_array_equal(sample.target, expected)
    # The crop moves the principal point of the toolbox's colour camera.
    np.testing.assert_allclose(
        sample.camera.K[[0, 1, 0, 1], [0, 1, 2, 2]],
        (518.857901, 519.469611, 325.582449 - 40, 253.736166 - 44), rtol=1e-8)
    assert (sample.camera.width, sample.camera.height) == (561, 427)


def test_what_is_not_the_data_set_is_refused(tmp_path) -> None:
    from scipy.io import savemat
    with pytest.raises(BagError, match='nyu_depth_v2_labeled.mat is not there(.|\n)*cs.nyu.edu'):
        open_depth_set('nyuv2', tmp_path)
    (tmp_path / 'nyu_depth_v2_labeled.mat').write_bytes(b'nothing')
    savemat(tmp_path / 'splits.mat', {'other': [[1]]})
    with pytest.raises(BagError, match='has no testNdxs, it has other'):
        open_depth_set('nyuv2', tmp_path)
    savemat(tmp_path / 'splits.mat', {'testNdxs': [[9]]})
    with pytest.raises(BagError, match='expected the file of the labelled data set'):
        open_depth_set('nyuv2', tmp_path)
    write_nyuv2(tmp_path, np.zeros((1, 480, 640, 3), np.uint8), np.ones((1, 480, 640)), [9])
    with pytest.raises(BagError, match='names frame 9, .* has 1'):
        open_depth_set('nyuv2', tmp_path)
    with pytest.raises(ConfigError, match='--split is for kitti_eigen'):
        open_depth_set('nyuv2', tmp_path, tmp_path / 'splits.mat')
    (tmp_path / 'splits.mat').write_bytes(b'nothing')
    with pytest.raises(BagError, match='cannot read the MATLAB file'):
        open_depth_set('nyuv2', tmp_path)

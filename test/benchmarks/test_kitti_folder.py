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

"""A recording as a folder of KITTI: what the reader of the benchmark finds in it."""

from pathlib import Path

import numpy as np
import pytest
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import DataConfig
from sa4depth_train.protocols.catalog import open_depth_set
from walk_bag import write_walk

BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'


def test_every_pixel_comes_back_with_the_depth_of_the_lidar(tmp_path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from kitti_folder import write_folder
    bag = BagIndex(write_walk(tmp_path / 'walk', frames=3), DataConfig())
    returned = write_folder(bag, tmp_path / 'kitti')
    assert len(returned) == 3
    for pixels, back, ahead in returned:
        assert back == pixels > 1000
        assert ahead == pytest.approx(0.27, abs=0.03)
    found = open_depth_set('kitti_eigen', tmp_path / 'kitti', tmp_path / 'kitti' / 'frames.txt')
    sample, true = found.read(2), bag.read_depth(bag.frames[2])
    np.testing.assert_array_equal(sample.rgb, bag.read_image(bag.frames[2]))
    np.testing.assert_array_equal(sample.target > 0, true > 0)
    # Forward of the lidar is nearly forward of the camera: they are half a degree apart.
    known = true > 0
    assert np.abs(sample.target[known] - true[known] - 0.27).max() < 0.02 * true.max()
    bag.close()

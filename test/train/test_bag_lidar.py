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

"""Training on lidar: its points as depth, on the pixels of the image."""

import numpy as np
import pytest
from robot_bag import write_robot_bag
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import DataConfig

SIZE = (96, 64)
LIDAR = DataConfig(lidar_topic='/points', max_depth=50.0, cache_mb=0)


@pytest.fixture(scope='module')
def bag(tmp_path_factory):
    return write_robot_bag(tmp_path_factory.mktemp('bags') / 'robot', frames=2,
                           has=('depth', 'lidar', 'tf')).path


def test_points_have_the_depth_that_a_camera_measures_there(bag) -> None:
    by_points = BagFrames([bag], LIDAR, SIZE)
    by_camera = BagFrames([bag], DataConfig(max_depth=50.0, cache_mb=0), SIZE)
    assert len(by_points) == len(by_camera) == 2
    for index in range(2):
        found, measured = by_points[index].depth, by_camera[index].depth
        assert found.shape == measured.shape == (80, 107)
        both = (found > 0) & (measured > 0)
        # The cloud has 2010 points, of which some share a pixel of the shrunk picture.
        assert 1000 < both.sum() <= (found > 0).sum() < 2011
        error = np.abs(found[both] / measured[both] - 1)
        assert np.median(error) < 0.01
        assert np.mean(error < 0.05) > 0.9


def test_limits_hold_for_points_too(bag) -> None:
    everything = BagFrames([bag], LIDAR, SIZE)[0].depth
    far = float(np.median(everything[everything > 0]))
    near = BagFrames([bag], DataConfig(
        lidar_topic='/points', max_depth=far, cache_mb=0), SIZE)[0].depth
    np.testing.assert_array_equal(near, np.where(everything <= far, everything, 0))
    assert 0 < (near > 0).sum() < (everything > 0).sum()


def test_a_topic_of_something_else_is_refused(bag) -> None:
    with pytest.raises(BagError, match="lidar topic '/front/image_raw' is a sensor_msgs"):
        BagFrames([bag], DataConfig(lidar_topic='/front/image_raw'), SIZE)


def test_without_a_transform_there_is_no_way_into_the_image(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'robot', frames=1, has=('lidar',)).path
    with pytest.raises(BagError, match=r"static transform between 'lidar' and 'front_optical'"):
        BagFrames([bag], LIDAR, SIZE)

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

"""What is written to a bag is what training reads from it."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.bag_topics import find_topics
from sa4depth_train.data_config import DataConfig


@pytest.mark.parametrize('storage', ['ros1', 'sqlite3', 'mcap'])
@pytest.mark.parametrize(('color', 'depth'), [
    ('rgb8', '16UC1'), ('bgr8', '32FC1'), ('compressed', 'compressedDepth'), ('rgb8', 'png')])
def test_every_storage_is_read_back_exactly(write_bag, storage, color, depth) -> None:
    written = write_bag(storage=storage, color=color, depth=depth, frames=4)
    index = BagIndex(written.path, DataConfig())
    assert len(index.frames) == 4
    for number in (3, 0, 2):
        frame = index.frames[number]
        np.testing.assert_array_equal(index.read_image(frame), written.colors[number])
        np.testing.assert_allclose(index.read_depth(frame), written.depths[number], atol=1e-6)
    camera = index.camera(index.frames[0], (96, 64))
    assert (camera.K[0, 0], camera.K[1, 1], camera.K[0, 2], camera.K[1, 2]) == (80, 82, 47, 31)
    assert camera.is_rectified


def test_inverse_depth_png_is_dequantised(write_bag) -> None:
    written = write_bag(depth='inverse', frames=2)
    index = BagIndex(written.path, DataConfig())
    depth, truth = index.read_depth(index.frames[1]), written.depths[1]
    assert np.array_equal(depth == 0, truth == 0)
    # One step of the quantised inverse depth is d^2 / A.
    assert np.all(np.abs(depth - truth) <= truth ** 2 / 10000 + 1e-5)


def test_depth_is_matched_by_stamp(write_bag) -> None:
    written = write_bag(depth_delay=20_000_000, frames=3)
    index = BagIndex(written.path, DataConfig(max_time_difference=0.03))
    frame = index.frames[1]
    assert frame.depth.stamp - frame.image.stamp == 20_000_000
    np.testing.assert_allclose(index.read_depth(frame), written.depths[1], atol=1e-6)


def test_depth_too_far_in_time_is_an_error(write_bag) -> None:
    written = write_bag(depth_delay=40_000_000, frames=3)
    with pytest.raises(BagError, match=r'within 0\.030 s .*max_time_difference'):
        BagIndex(written.path, DataConfig(max_time_difference=0.03))


def test_topics_are_found_in_ambiguity_only_by_name(write_bag) -> None:
    written = write_bag(extra=('/rear/image_raw',), frames=2)
    with pytest.raises(BagError, match='several image topics: /camera/image_raw, /rear/image_raw'):
        BagIndex(written.path, DataConfig())
    index = BagIndex(written.path, DataConfig(image_topic='/camera/image_raw'))
    assert index.topics.camera_info == '/camera/camera_info'
    assert index.topics.depth == '/camera/depth/image_raw'


def test_a_wrong_topic_name_lists_what_is_there(write_bag) -> None:
    written = write_bag(frames=2)
    with pytest.raises(BagError, match=r"'/nope' is not in the bag.*/camera/camera_info"):
        BagIndex(written.path, DataConfig(depth_topic='/nope'))


def test_a_bag_without_camera_info_is_refused() -> None:
    types = {'/cam/image_raw': 'sensor_msgs/msg/Image', '/imu': 'sensor_msgs/msg/Imu'}
    with pytest.raises(BagError, match=r'no CameraInfo topic.*/imu \(sensor_msgs/msg/Imu\)'):
        find_topics(types, lambda _: None)


def test_raw_and_compressed_of_one_camera_are_one_choice() -> None:
    types = {'/cam/image_raw': 'sensor_msgs/msg/Image',
             '/cam/image_raw/compressed': 'sensor_msgs/msg/CompressedImage',
             '/cam/camera_info': 'sensor_msgs/msg/CameraInfo',
             '/other/camera_info': 'sensor_msgs/msg/CameraInfo'}
    topics = find_topics(types, lambda _: None)
    assert (topics.image, topics.camera_info, topics.depth) == (
        '/cam/image_raw', '/cam/camera_info', None)


def test_no_bag_and_no_bag_format(tmp_path: Path) -> None:
    with pytest.raises(BagError, match='expected a bag at'):
        BagIndex(tmp_path / 'none', DataConfig())
    (tmp_path / 'metadata.yaml').write_text('nonsense: [')
    with pytest.raises(BagError, match='cannot read'):
        BagIndex(tmp_path, DataConfig())


def test_depth_is_chosen_only_where_it_is_needed() -> None:
    kind = 'sensor_msgs/msg/Image'
    types = {'/a/image_raw': kind, '/a/camera_info': 'sensor_msgs/msg/CameraInfo',
             '/left/depth': kind, '/right/depth': kind}

    def first(topic):
        return SimpleNamespace(encoding='16UC1' if 'depth' in topic else 'rgb8')

    with pytest.raises(BagError, match=r'several depth topics.*--depth-topic NAME elsewhere'):
        find_topics(types, first)
    assert find_topics(types, first, need_depth=False).depth is None
    assert find_topics(types, first, depth='/left/depth', need_depth=False).depth == '/left/depth'

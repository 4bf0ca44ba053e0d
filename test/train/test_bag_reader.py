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

"""Bags are read by several processes at once without one disturbing another."""

import multiprocessing
import pickle

import numpy as np
import pytest
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_dataset import DepthDataset
from torch.utils.data import DataLoader


@pytest.mark.parametrize('storage', ['ros1', 'sqlite3', 'mcap'])
def test_forked_loaders_read_what_one_process_reads(write_bag, storage) -> None:
    bag = write_bag(storage=storage, color='compressed', frames=12)
    frames = BagFrames([bag.path], DataConfig(cache_mb=0, holdout=0.0), (96, 64))
    # The files are open before the fork.
    expected = [frames[i].rgb.copy() for i in range(12)]
    loader = DataLoader(DepthDataset(frames, range(12), (96, 64)), batch_size=2, num_workers=2,
                        multiprocessing_context='fork')
    read = np.concatenate([batch['image'].numpy() for batch in loader])
    for image, rgb in zip(read, expected):
        np.testing.assert_allclose(image.transpose(1, 2, 0), rgb / 255, atol=1e-6)
    np.testing.assert_array_equal(frames[5].rgb, expected[5])


def test_frames_travel_to_a_process_that_was_not_forked(write_bag) -> None:
    bag = write_bag(frames=3)
    index = BagIndex(bag.path, DataConfig())
    copy = pickle.loads(pickle.dumps(index))
    np.testing.assert_array_equal(copy.read_image(copy.frames[2]), bag.colors[2])
    assert copy.camera(copy.frames[0], (96, 64)).key == index.camera(index.frames[0],
                                                                     (96, 64)).key


def test_a_closed_bag_opens_again(write_bag) -> None:
    bag = write_bag(frames=2)
    index = BagIndex(bag.path, DataConfig())
    index.close()
    index.close()
    np.testing.assert_array_equal(index.read_image(index.frames[1]), bag.colors[1])


def test_a_child_that_ends_leaves_the_bag_open(write_bag) -> None:
    bag = write_bag(storage='sqlite3', frames=3)
    index = BagIndex(bag.path, DataConfig())
    child = multiprocessing.get_context('fork').Process(
        target=lambda: index.read_image(index.frames[0]))
    child.start()
    child.join()
    assert child.exitcode == 0
    np.testing.assert_array_equal(index.read_image(index.frames[2]), bag.colors[2])

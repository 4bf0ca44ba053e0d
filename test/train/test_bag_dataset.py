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

"""Samples of the training set: split, geometry, calibration."""

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.preprocess import FrameGeometry, Preprocessor
from sa4depth_train.augmentation import jitter, random_view, render_view
from sa4depth_train.bag_dataset import BagFrames, rectified_depth
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import AugmentationConfig, DataConfig
from sa4depth_train.depth_dataset import DepthDataset

SIZE = (96, 64)
K = np.array([[80.0, 0, 47], [0, 82, 31], [0, 0, 1]])


def test_the_tail_of_each_bag_is_held_out(write_bag) -> None:
    bags = [write_bag('one', frames=10), write_bag('two', frames=5, storage='sqlite3')]
    frames = BagFrames([bag.path for bag in bags], DataConfig(holdout=0.2), SIZE)
    assert frames.train == [*range(8), *range(10, 14)]
    assert frames.heldout == {'one': [8, 9], 'two': [14]}


def test_bags_of_one_name_keep_their_own_metrics(write_bag, tmp_path) -> None:
    (tmp_path / 'other').mkdir()
    bags = [write_bag('same', frames=5), write_bag('other/same', frames=5)]
    frames = BagFrames([bag.path for bag in bags], DataConfig(), SIZE)
    assert set(frames.heldout) == {'same', 'same_2'}


def test_a_bag_without_depth_is_refused(write_bag) -> None:
    bag = write_bag(depth='', frames=3)
    with pytest.raises(BagError, match='no depth topic'):
        BagFrames([bag.path], DataConfig(), SIZE)


def test_a_full_cache_changes_nothing(room_bag) -> None:
    cached, plain = (BagFrames([room_bag.path], DataConfig(cache_mb=mb), SIZE) for mb in (10, 0))
    for index in (3, 3, 7):
        np.testing.assert_array_equal(cached[index].rgb, plain[index].rgb)
        np.testing.assert_array_equal(cached[index].depth, plain[index].depth)


@pytest.mark.parametrize('size', [(96, 64), (128, 128), (64, 32)])
def test_a_plain_sample_is_what_the_runtime_feeds(room_bag, size) -> None:
    sample = DepthDataset(BagFrames([room_bag.path], DataConfig(), size), [4], size)[0]
    camera = CameraModel.from_calibration(width=96, height=64, K=K.ravel())
    expected, geometry = Preprocessor(size[1], size[0])(room_bag.colors[4], camera)
    np.testing.assert_allclose(sample['K'], geometry.K_network, atol=1e-4)
    image = (sample['image'].numpy().transpose(1, 2, 0) * 255).round()
    # Resizing in two steps blurs edges a little; nothing may be moved.
    assert np.abs(image - expected).mean() < 3
    x, y, width, height = geometry.inner
    outside = np.ones(size[::-1], bool)
    outside[y:y + height, x:x + width] = False
    assert not sample['depth'].numpy()[0][outside].any()


def test_augmentation_repeats_with_its_seed(room_bag) -> None:
    frames = BagFrames([room_bag.path], DataConfig(), SIZE)
    first, again = (DepthDataset(frames, frames.train, SIZE, AugmentationConfig(), seed=3)
                    for _ in range(2))
    assert first[2]['image'].equal(again[2]['image'])
    again.epoch = 1
    assert not first[2]['image'].equal(again[2]['image'])


@pytest.mark.parametrize('seed', range(8))
def test_K_follows_crop_zoom_roll_and_flip(seed) -> None:
    """A coloured dot is found where the view's own K projects the turned point to."""
    rng = np.random.default_rng(seed)
    config = AugmentationConfig(max_zoom=1.5, min_zoom=0.7, roll=10, shift=0.1)
    view = random_view(K, SIZE, config, rng)
    point = np.array([0.05, -0.1, 2.0])
    u, v, _ = K @ point / point[2]
    rgb, depth = np.zeros((64, 96, 3), np.uint8), np.full((64, 96), 2.0, np.float32)
    cv2.circle(rgb, (round(u * 16), round(v * 16)), 3 * 16, (255, 255, 255), -1, cv2.LINE_AA, 4)
    seen, z = render_view(rgb, depth, K, view, SIZE)
    weights = seen[..., 0].astype(float)
    rows, columns = np.mgrid[0:64, 0:96]
    found = np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()
    turned = view.M @ point
    expected = (view.K @ turned / turned[2])[:2]
    assert turned[2] == point[2]
    np.testing.assert_allclose(found, expected, atol=0.15)
    assert set(np.unique(z)) <= {0, 2}


def test_flip_alone_mirrors_pixels_exactly() -> None:
    config = AugmentationConfig(flip=1, min_zoom=1, max_zoom=1, shift=0, roll=0)
    view = random_view(K, SIZE, config, np.random.default_rng(0))
    rgb = np.random.default_rng(1).integers(0, 255, (64, 96, 3)).astype(np.uint8)
    seen, _ = render_view(rgb, np.ones((64, 96), np.float32), K, view, SIZE)
    np.testing.assert_array_equal(seen, rgb[:, ::-1])
    assert view.K[0, 2] == 95 - 47


def test_light_changes_stay_in_range_and_keep_the_letterbox_black() -> None:
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    image[:4] = 0
    for seed in range(5):
        lit = jitter(image, AugmentationConfig(), np.random.default_rng(seed))
        assert lit.dtype == np.float32
        assert lit.min() >= 0
        assert lit.max() <= 1
        assert not lit[:4].any()
        assert np.abs(lit - image / 255).mean() > 1e-3


def test_depth_of_another_size_is_spread_over_the_image(write_bag) -> None:
    bag = write_bag(scale_depth=2, frames=5)
    frame = BagFrames([bag.path], DataConfig(), SIZE)[0]
    assert frame.depth.shape == (64, 96)
    np.testing.assert_allclose(frame.depth[::2, ::2], bag.depths[0], atol=1e-6)


def test_depth_of_another_shape_is_refused() -> None:
    camera = CameraModel.from_calibration(width=96, height=64, K=K.ravel())
    with pytest.raises(BagError, match='50x64 cannot be registered to an image of 96x64'):
        rectified_depth(
            np.ones((64, 50), np.float32), FrameGeometry(SIZE, SIZE, camera), 'frame 1')


def test_a_distorted_bag_is_rectified_in_colour_and_depth(write_bag) -> None:
    coefficients = (-0.3, 0.1, 0.002, -0.001, 0.0)
    bag = write_bag(distortion=coefficients, frames=5)
    frame = BagFrames([bag.path], DataConfig(), SIZE)[1]
    expected = cv2.undistort(bag.colors[1], K, np.array(coefficients))
    assert np.abs(frame.rgb.astype(int) - expected)[8:-8, 8:-8].max() <= 3
    maps = cv2.initUndistortRectifyMap(K, np.array(coefficients), None, K, SIZE, cv2.CV_32FC1)
    depth = cv2.remap(bag.depths[1], *maps, cv2.INTER_NEAREST)
    assert np.mean(np.abs(frame.depth - depth) < 1e-5) > 0.98
    np.testing.assert_allclose(frame.K, K)


def test_depth_out_of_range_is_unknown(room_bag) -> None:
    frames = BagFrames([room_bag.path], DataConfig(min_depth=1.5, max_depth=3.0), SIZE)
    values = frames[0].depth[frames[0].depth > 0]
    assert values.size
    assert values.min() >= 1.5
    assert values.max() <= 3.0


def test_a_damaged_message_names_its_frame(write_bag, monkeypatch) -> None:
    bag = write_bag(frames=2)
    index = BagIndex(bag.path, DataConfig())
    monkeypatch.setattr('sa4depth_ros.runtime.depth_decoding.DEPTH_ENCODINGS', ('32FC1',))
    with pytest.raises(BagError, match=r'stamp 1700000000\.1.*expected a depth image'):
        index.read_depth(index.frames[1])


def test_the_held_out_part_is_counted_in_images(write_bag) -> None:
    # Depth begins late: of ten images the last six have one, two of them are held out.
    bag = write_bag(frames=10, depth_from=4)
    frames = BagFrames([bag.path], DataConfig(holdout=0.2), SIZE)
    assert (len(frames.train), [len(part) for part in frames.heldout.values()]) == (4, [2])


def test_depth_that_is_not_needed_does_no_harm(write_bag) -> None:
    late = write_bag(frames=4, depth_delay=50_000_000)
    with pytest.raises(BagError, match='see data.max_time_difference'):
        BagFrames([late.path], DataConfig(), SIZE)
    assert len(BagFrames([late.path], DataConfig(), SIZE, need='nothing')) == 4

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

"""Samples of a target and its sources: geometry, light, order."""

import cv2
import numpy as np
from planes import FakeFrames, picture, pose
from planes import K as PLANES_K
import pytest
from sa4depth_train.augmentation import random_view
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import AugmentationConfig, DataConfig
from sa4depth_train.depth_dataset import network_intrinsics
from sa4depth_train.keypoints import KeypointConfig
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.superpixels import SuperpixelConfig
from sa4depth_train.target_hints import TargetHints
from sa4depth_train.triplet_dataset import TripletDataset
from sa4depth_train.triplets import Triplet
import torch
from torch.utils.data import DataLoader

# The recorded camera, and network inputs of other shapes: resized and letterboxed.
K = np.array([[210.0, 0, 118.0], [0, 205.0, 63.0], [0, 0, 1]])
SIDES = (240, 128)
STRONG = AugmentationConfig(min_zoom=0.8, max_zoom=1.3, roll=10, shift=0.05, noise=0.0)


def _dot(X: np.ndarray) -> np.ndarray:
    """Draw a white disc around the projection of X (3,) in an image of SIDES."""
    u, v, _ = K @ X / X[2]
    image = np.zeros((SIDES[1], SIDES[0], 3), np.uint8)
    cv2.circle(image, (round(u * 16), round(v * 16)), 7 * 16, (255,) * 3, -1, cv2.LINE_AA, 4)
    return image


def _centre(image: torch.Tensor) -> np.ndarray:
    weights = image.numpy().sum(0)
    rows, columns = np.indices(weights.shape)
    return np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()


@pytest.mark.parametrize('size', [(160, 96), (96, 128)])
@pytest.mark.parametrize('seed', range(6))
def test_known_points_land_where_K_of_the_sample_puts_them(tmp_path, size, seed) -> None:
    """Points lifted with K and their depth from the target go by the pose into the sources."""
    T_target2source = [np.linalg.inv(pose(-0.06, -0.03)), np.linalg.inv(pose(0.08, 0.02))]
    X = np.array([0.05, -0.04, 1.6])
    moved = [T[:3, :3] @ X + T[:3, 3] for T in T_target2source]
    frames = FakeFrames([_dot(moved[0]), _dot(X), _dot(moved[1])], tmp_path, K)
    dataset = TripletDataset(frames, [Triplet(1, (0, 2))], size, STRONG, seed)
    sample = dataset[0]
    view = random_view(network_intrinsics(frames[1], size), size, STRONG,
                       np.random.default_rng((seed, 0, 0)))
    K_sample = sample['K'].numpy().astype(np.float64)
    np.testing.assert_allclose(K_sample, view.K, rtol=1e-6)
    seen = _centre(sample['images'][0])
    lifted = X[2] * np.linalg.inv(K_sample) @ [*seen, 1]
    for image, T in zip(sample['images'][1:], T_target2source):
        # The virtual cameras are rolled and mirrored alike, so the motion between them is.
        there = view.M @ (T[:3, :3] @ (view.M.T @ lifted) + T[:3, 3])
        expected = (K_sample @ there / there[2])[:2]
        np.testing.assert_allclose(_centre(image), expected, atol=0.15)


def test_mirroring_happens_and_is_the_same_for_all_frames(tmp_path) -> None:
    pictures = [picture(pose(x)) for x in (0.0, 0.02, 0.04)]
    frames = FakeFrames(pictures, tmp_path, PLANES_K)
    still = {'min_zoom': 1.0, 'max_zoom': 1.0, 'shift': 0.0, 'roll': 0.0}
    plain, mirrored = (
        TripletDataset(frames, [Triplet(1, (0, 2))], (160, 96),
                       AugmentationConfig(flip=flip, **still))[0] for flip in (0.0, 1.0))
    assert mirrored['images'].equal(plain['images'].flip(-1))
    assert mirrored['K'][0, 2] == 159 - plain['K'][0, 2]
    assert mirrored['earlier'].tolist() == [True, False]


def test_a_plain_sample_is_the_recording(tmp_path) -> None:
    frames = FakeFrames([picture(pose(x)) for x in (0.0, 0.02, 0.04)], tmp_path, PLANES_K)
    sample = TripletDataset(frames, [Triplet(1, (0, 2))], (160, 96))[0]
    assert sample['images'].shape == (3, 3, 96, 160)
    assert sample['images'].dtype == sample['seen'].dtype == sample['K'].dtype == torch.float32
    for image, index in zip(sample['images'], (1, 0, 2)):
        expected = frames.pictures[index].transpose(2, 0, 1) / 255
        np.testing.assert_allclose(image, expected, atol=1e-6)
    assert sample['inputs'].equal(sample['images'])
    assert sample['seen'].all()
    np.testing.assert_allclose(sample['K'], PLANES_K, rtol=1e-6)
    assert sample['name'] == 'frame 1'


def test_motion_starts_where_the_triplet_says(tmp_path) -> None:
    frames = FakeFrames([picture(pose(0.02 * i)) for i in range(5)], tmp_path, PLANES_K)
    triplets = [Triplet(2, (0, 1, 3, 4), (2, 0, 0, 3)), Triplet(1, (0, 0, 2, 3), (0, 0, 0, 3))]
    batch = next(iter(DataLoader(TripletDataset(frames, triplets, (160, 96)), batch_size=2)))
    assert batch['images'].shape == (2, 5, 3, 96, 160)
    assert batch['origins'].tolist() == [[2, 0, 0, 3], [0, 0, 0, 3]]
    # Frame 0 comes before frame 1, where the motion to it starts; frame 4 after frame 3.
    assert batch['earlier'].tolist() == [[True, True, False, False]] * 2
    backwards = TripletDataset(frames, [Triplet(0, (2, 1, 1, 2), (2, 0, 0, 3))], (160, 96))[0]
    assert not backwards['earlier'].any()


def test_hints_are_those_of_the_target_as_it_is_shown(tmp_path) -> None:
    frames = FakeFrames([picture(pose(0.02 * i)) for i in range(3)], tmp_path, PLANES_K)
    losses = PhotometricConfig(patches=True, planar=0.05, superpixels=SuperpixelConfig(
        scale=500.0, min_area=200), keypoints=KeypointConfig(count=50, total=80))
    still = {'min_zoom': 1.0, 'max_zoom': 1.0, 'shift': 0.0, 'roll': 0.0}
    plain, mirrored = (
        TripletDataset(frames, [Triplet(1, (0, 2))], (160, 96),
                       AugmentationConfig(flip=flip, **still), hints=TargetHints(frames, losses)
                       )[0] for flip in (0.0, 1.0))
    assert plain['keypoints'].shape == (80, 2)
    assert plain['superpixels'].max() > 1
    assert mirrored['superpixels'].equal(plain['superpixels'].flip(1))
    assert 'origins' not in plain
    bare = TripletDataset(frames, [Triplet(1, (0, 2))], (160, 96),
                          hints=TargetHints(frames, PhotometricConfig()))[0]
    assert not {'keypoints', 'superpixels'} & set(bare)


def test_light_changes_alike_in_all_frames_and_not_in_what_is_compared(tmp_path) -> None:
    frames = FakeFrames([picture(pose())] * 3, tmp_path, PLANES_K)
    sample = TripletDataset(frames, [Triplet(1, (0, 2))], (160, 96), STRONG, seed=1)[0]
    assert sample['inputs'][0].equal(sample['inputs'][1])
    assert sample['images'][0].equal(sample['images'][2])
    assert (sample['inputs'] - sample['images']).abs().mean() > 0.01
    noisy = TripletDataset(frames, [Triplet(1, (0, 2))], (160, 96), AugmentationConfig(), 1)[0]
    assert not noisy['inputs'][0].equal(noisy['inputs'][1])


def test_draws_follow_from_seed_epoch_and_index(tmp_path) -> None:
    frames = FakeFrames([picture(pose(0.02 * i)) for i in range(4)], tmp_path, PLANES_K)
    triplets = [Triplet(1, (0, 2)), Triplet(2, (1, 3))]
    first, again, other = (TripletDataset(frames, triplets, (160, 96), AugmentationConfig(), seed)
                           for seed in (3, 3, 4))
    again[0]
    assert first[1]['inputs'].equal(again[1]['inputs'])
    assert not first[1]['inputs'].equal(other[1]['inputs'])
    again.epoch = 1
    assert not first[1]['K'].equal(again[1]['K'])


def test_what_the_camera_did_not_show_is_not_seen(tmp_path, write_bag) -> None:
    letterboxed = TripletDataset(FakeFrames([picture(pose())] * 3, tmp_path, PLANES_K),
                                 [Triplet(1, (0, 2))], (160, 160))[0]
    rows = letterboxed['seen'][0].numpy().min(axis=1)
    np.testing.assert_array_equal(rows, [0] * 32 + [1] * 96 + [0] * 32)
    bag = write_bag(distortion=(0.4, 0.0, 0.0, 0.0, 0.0), frames=5)
    frames = BagFrames([bag.path], DataConfig(), (96, 64), need='nothing')
    seen = TripletDataset(frames, [Triplet(1, (0, 2))], (96, 64))[0]['seen'][0].numpy()
    black = frames[1].rgb.max(axis=2) == 0
    assert 0.01 < 1 - seen.mean() < 0.5
    assert not seen[black].any()


def test_samples_become_batches_with_lone_sources_among_them(tmp_path) -> None:
    frames = FakeFrames([picture(pose(0.02 * i)) for i in range(3)], tmp_path, PLANES_K)
    triplets = [Triplet(0, (1, 1)), Triplet(1, (0, 2)), Triplet(2, (1, 1))]
    batch = next(iter(DataLoader(TripletDataset(frames, triplets, (160, 96)), batch_size=3)))
    assert batch['images'].shape == (3, 3, 3, 96, 160)
    assert batch['earlier'].tolist() == [[False, False], [True, False], [True, True]]
    assert batch['name'] == ['frame 0', 'frame 1', 'frame 2']

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

"""Things that are drawn before the camera, and their depth."""

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.data_config import AugmentationConfig
from sa4depth_train.foreground import add_foreground

ALWAYS = AugmentationConfig(foreground=1.0)
SIZE = (96, 128)


def _room(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    depth = np.full(SIZE, 4.0, np.float32)
    depth[:20], depth[60:, :40] = 0, 0.2
    return rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8), depth


def _near(drawn: np.ndarray) -> np.ndarray:
    """Give what lies no farther from something drawn (h, w) than the widest gap that is filled."""
    return cv2.dilate(drawn.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0


def test_depth_is_that_of_what_is_drawn_and_never_behind_what_is_nearer() -> None:
    shares = []
    for seed in range(40):
        image, depth = _room(seed)
        kept = image.copy(), depth.copy()
        drawn, near = add_foreground(image, depth, ALWAYS, np.random.default_rng(seed))
        assert drawn.dtype == np.uint8
        assert near.dtype == np.float32
        changed = near != depth
        assert ((near[changed] >= 0.15) & (near[changed] <= 3.2)).all()
        assert not changed[60:, :40][near[60:, :40] > 0.2].any()
        assert _near((drawn != image).any(axis=-1))[changed].all()
        shares.append(changed.mean())
        np.testing.assert_array_equal(image, kept[0])
        np.testing.assert_array_equal(depth, kept[1])
    assert np.mean(np.array(shares) > 0) > 0.8
    assert 0.02 < np.mean(shares) < 0.5


def test_what_is_away_from_all_that_is_drawn_is_as_far_as_before() -> None:
    image, depth = _room(0)
    for seed in range(10):
        drawn, near = add_foreground(image, depth, ALWAYS, np.random.default_rng(seed))
        far = ~_near((drawn != image).any(axis=-1))
        assert far.mean() > 0.05
        np.testing.assert_array_equal(near[far], depth[far])


def test_between_leaves_depth_is_that_of_the_plant() -> None:
    filled, image, depth = [], np.full((*SIZE, 3), 200, np.uint8), np.full(SIZE, 4, np.float32)
    for seed in range(60):
        drawn, near = add_foreground(image, depth, ALWAYS, np.random.default_rng(seed))
        changed = (near != depth).astype(np.uint8)
        closed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        inner = np.s_[4:-4, 4:-4]
        assert (closed != changed)[inner].mean() < 0.003
        bright = (drawn == image).all(axis=-1) & (changed > 0)
        filled.append(bright.mean())
        low, high = near[changed > 0].min(initial=9), near[changed > 0].max(initial=0)
        assert ((near[bright] >= low) & (near[bright] <= high)).all()
    assert max(filled) > 0.01


def test_the_same_seed_draws_the_same() -> None:
    image, depth = _room(1)
    first, second = (add_foreground(image, depth, ALWAYS, np.random.default_rng(5))
                     for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_switched_off_it_draws_nothing_not_even_a_number() -> None:
    image, depth = _room(2)
    rng = np.random.default_rng(3)
    same = add_foreground(image, depth, AugmentationConfig(), rng)
    assert same[0] is image
    assert same[1] is depth
    assert rng.random() == np.random.default_rng(3).random()
    few = AugmentationConfig(foreground=0.2)
    hits = sum(add_foreground(image, depth, few, np.random.default_rng(seed))[0] is not image
               for seed in range(200))
    assert 20 < hits < 65


def test_a_share_is_a_probability() -> None:
    with pytest.raises(ConfigError, match='foreground must be probabilities'):
        AugmentationConfig(foreground=1.2)

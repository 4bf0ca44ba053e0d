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
        assert (drawn != image)[changed].any(axis=-1).all()
        shares.append(changed.mean())
        np.testing.assert_array_equal(image, kept[0])
        np.testing.assert_array_equal(depth, kept[1])
    assert np.mean(np.array(shares) > 0) > 0.8
    assert 0.02 < np.mean(shares) < 0.5


def test_what_looks_the_same_is_as_far_as_before() -> None:
    image, depth = _room(0)
    for seed in range(10):
        drawn, near = add_foreground(image, depth, ALWAYS, np.random.default_rng(seed))
        same = (drawn == image).all(axis=-1)
        assert same.mean() > 0.1
        np.testing.assert_array_equal(near[same], depth[same])


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

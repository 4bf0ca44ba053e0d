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

"""Degraded pictures: each fault by itself, off by default, the same from the same seed."""

from dataclasses import replace

import numpy as np
import pytest
from sa4depth_train.data_config import AugmentationConfig
from sa4depth_train.degradation import degrade

OFF = AugmentationConfig(chance=1.0)
FAULTS = {'resolution': 0.3, 'blur': 2.0, 'contrast': 2.0, 'sharpen': 2.0, 'jpeg': 10,
          'grey': 1.0, 'shuffle': 1.0, 'cutout': 1.0}


def picture() -> np.ndarray:
    rng = np.random.default_rng(5)
    coarse = rng.integers(40, 216, (8, 10, 3)).astype(np.uint8)
    return np.ascontiguousarray(coarse.repeat(8, 0).repeat(8, 1))


def sharpness(image: np.ndarray) -> float:
    return float(np.abs(np.diff(image.astype(float), axis=1)).max())


def test_by_default_nothing_changes_and_nothing_is_drawn() -> None:
    rng = np.random.default_rng(0)
    image = picture()
    assert degrade(image, AugmentationConfig(), rng) is image
    assert rng.bit_generator.state == np.random.default_rng(0).bit_generator.state


@pytest.mark.parametrize('name', FAULTS)
def test_each_fault_changes_the_picture_repeatably(name) -> None:
    config, image = replace(OFF, **{name: FAULTS[name]}), picture()
    before = image.copy()
    results = [degrade(image, config, np.random.default_rng(seed)) for seed in (1, 1, 2, 3, 4)]
    assert np.array_equal(image, before)
    assert np.array_equal(results[0], results[1])
    assert all(r.shape == image.shape and r.dtype == np.uint8 for r in results)
    assert sum(not np.array_equal(r, image) for r in results) >= 3


def test_a_chance_of_zero_leaves_only_what_has_its_own() -> None:
    config = replace(OFF, chance=0.0, **{name: FAULTS[name] for name in (
        'resolution', 'blur', 'contrast', 'sharpen', 'jpeg')})
    image = picture()
    assert all(np.array_equal(degrade(image, config, np.random.default_rng(seed)), image)
               for seed in range(5))


def test_blur_and_lost_resolution_soften_and_sharpening_steepens() -> None:
    image = picture()
    blurred = [degrade(image, replace(OFF, blur=3.0), np.random.default_rng(s))
               for s in range(8)]
    assert np.mean([sharpness(b) for b in blurred]) < 0.8 * sharpness(image)
    sharp = [degrade(image, replace(OFF, sharpen=2.0), np.random.default_rng(s))
             for s in range(8)]
    assert np.mean([sharpness(s) for s in sharp]) > 1.1 * sharpness(image)


def test_contrast_keeps_mean_brightness() -> None:
    image = picture()
    results = [degrade(image, replace(OFF, contrast=1.4), np.random.default_rng(s))
               for s in range(8)]
    spreads = [r.std() / image.std() for r in results]
    assert min(spreads) < 0.9
    assert max(spreads) > 1.1
    assert all(abs(r.mean() - image.mean()) < 6 for r in results)


def test_grey_has_no_colour_and_shuffled_has_the_same_channels() -> None:
    image = picture()
    grey = degrade(image, replace(OFF, grey=1.0), np.random.default_rng(0))
    assert not np.ptp(grey, axis=2).any()
    shuffled = degrade(image, replace(OFF, shuffle=1.0), np.random.default_rng(1))
    assert np.array_equal(np.sort(shuffled, axis=2), np.sort(image, axis=2))


def test_patches_are_boxes_and_the_rest_stays() -> None:
    image = picture()
    shares = []
    for seed in range(20):
        changed = (degrade(image, replace(OFF, cutout=1.0), np.random.default_rng(seed))
                   != image).any(axis=2)
        shares.append(changed.mean())
    assert 0 < np.mean(shares) < 0.3
    # Four patches at most, none larger than 0.35 of each side.
    assert max(shares) < 4 * 0.37 ** 2


def test_a_grey_picture_of_one_value_survives_everything() -> None:
    config = replace(OFF, **{**FAULTS, 'grey': 0.5, 'shuffle': 0.5})
    for seed in range(10):
        image = np.zeros((33, 47, 3), np.uint8)
        assert degrade(image, config, np.random.default_rng(seed)).shape == image.shape

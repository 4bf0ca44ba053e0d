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

"""Keypoints: the choice of DSO against plain loops, and where patches may lie."""

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.keypoints import (
    gradient_length, KeypointConfig, REACH, select_keypoints, strongest, thresholds)

SMALL = KeypointConfig(count=100, total=150)


def _picture(height=96, width=128) -> np.ndarray:
    """Noise on the left half, nothing on the right."""
    image = np.full((height, width), 120, np.uint8)
    image[:, :width // 2] = np.random.default_rng(0).integers(0, 255, (height, width // 2))
    return image


def test_the_gradient_is_the_central_difference() -> None:
    image = _picture()
    found = gradient_length(image)
    values = image.astype(float)
    for v, u in ((1, 1), (40, 30), (94, 63), (60, 64)):
        across = (values[v, u + 1] - values[v, u - 1]) / 2
        down = (values[v + 1, u] - values[v - 1, u]) / 2
        assert found[v, u] == pytest.approx(np.sqrt(across ** 2 + down ** 2), rel=1e-6)
    assert not found[0].any() and not found[:, -1].any()


def test_thresholds_are_medians_of_blocks_plus_a_constant() -> None:
    gradient = np.random.default_rng(1).uniform(0, 50, (70, 40)).astype(np.float32)
    found = thresholds(gradient, KeypointConfig(block=32, above=7.0))
    for rows, columns in (((0, 32), (0, 32)), ((32, 64), (32, 40)), ((64, 70), (0, 32))):
        block = np.s_[rows[0]:rows[1], columns[0]:columns[1]]
        expected = sorted(gradient[block].ravel())
        middle = len(expected) // 2
        median = (expected[middle] + expected[~middle]) / 2
        np.testing.assert_allclose(found[block], median + 7, rtol=1e-6)


def _slowly(gradient, threshold, side, weaker):
    """Do what the DSO paper says, pixel by pixel."""
    height, width = gradient.shape
    chosen: set[tuple[int, int]] = set()
    for level in range(3):
        cell = side * 2 ** level
        for top in range(0, height, cell):
            for left in range(0, width, cell):
                pixels = [(v, u) for v in range(top, min(top + cell, height))
                          for u in range(left, min(left + cell, width))]
                strong = [p for p in pixels if gradient[p] > threshold[p] * weaker ** level]
                if strong and not chosen.intersection(pixels):
                    chosen.add(max(strong, key=lambda p: gradient[p]))
    return chosen


@pytest.mark.parametrize('side', [2, 3, 5])
def test_the_strongest_of_each_cell_is_chosen(side) -> None:
    rng = np.random.default_rng(side)
    gradient = rng.uniform(0, 20, (37, 50)).astype(np.float32)
    gradient[:, 25:] *= 0.55
    threshold = rng.uniform(11, 19, gradient.shape).astype(np.float32)
    found = strongest(gradient, threshold, side, 0.75)
    expected = _slowly(gradient, threshold, side, 0.75)
    assert set(zip(*(axis.tolist() for axis in np.nonzero(found)))) == expected
    # Weak places are only found because the threshold falls.
    assert len(expected) > np.count_nonzero(strongest(gradient, threshold, side, 1.0)) > 10


def test_keypoints_are_spread_over_what_has_texture_and_then_at_random() -> None:
    image = _picture()
    points = select_keypoints(image, np.ones(image.shape, bool), SMALL, np.random.default_rng(0))
    assert points.shape == (150, 2)
    assert points.dtype == np.int64
    assert 80 <= (points[:100, 0] <= 64).sum() <= 100
    # Random ones come everywhere.
    assert 10 < (points[100:, 0] > 66).sum() < 40
    # Every quarter of the texture has its share of the chosen ones.
    for top in (0, 48):
        for left in (0, 32):
            inside = ((points[:80] >= (left, top)) & (points[:80] < (left + 32, top + 48))).all(1)
            assert inside.sum() >= 8


@pytest.mark.parametrize('allowed', ['all', 'part', 'none'])
def test_patches_lie_inside_of_what_is_allowed(allowed) -> None:
    image = _picture()
    mask = np.zeros(image.shape, bool)
    if allowed != 'none':
        mask[:] = allowed == 'all'
        mask[20:70, 10:100] = True
    points = select_keypoints(image, mask, SMALL, np.random.default_rng(2))
    assert points.min() >= REACH
    assert (points[:, 0] < 128 - REACH).all() and (points[:, 1] < 96 - REACH).all()
    if allowed == 'part':
        for dx in (-REACH, 0, REACH):
            for dy in (-REACH, 0, REACH):
                assert mask[points[:, 1] + dy, points[:, 0] + dx].all()


def test_a_plain_image_has_random_keypoints_and_draws_repeat() -> None:
    plain = np.full((96, 128), 7, np.uint8)
    everywhere = np.ones(plain.shape, bool)
    first, again, other = (select_keypoints(plain, everywhere, SMALL, np.random.default_rng(seed))
                           for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first, axis=0)) > 140


@pytest.mark.parametrize(('wrong', 'message'), [
    ({'count': 10, 'total': 5}, '1 <= count <= total'), ({'block': 2}, 'block must be >= 4'),
    ({'above': -1.0}, 'above must be'), ({'weaker': 0.0}, r'weaker must be in \(0, 1\]')])
def test_impossible_settings_are_refused(wrong, message) -> None:
    with pytest.raises(ConfigError, match=message):
        KeypointConfig(**wrong)

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

"""Errors by depth and place, against loops over pixels."""

import math

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.error_curves import COLUMNS, DEPTH_BANDS, ErrorSums, JOINT_BINS, ROWS

NEAR, FAR = 0.5, 20.0


def made_frames() -> list[tuple[np.ndarray, np.ndarray]]:
    """Give two pairs of maps of different size, with holes and values beyond the limits."""
    rng = np.random.default_rng(1)
    frames = []
    for shape in ((30, 37), (48, 20)):
        target = np.exp(rng.uniform(math.log(NEAR), math.log(FAR), shape))
        prediction = target * np.exp(rng.normal(0.1, 0.5, shape))
        target[rng.random(shape) < 0.3] = 0
        prediction[rng.random(shape) < 0.1] = np.nan
        prediction[rng.random(shape) < 0.1] = np.inf
        prediction[rng.random(shape) < 0.1] = -np.inf
        frames.append((prediction.astype(np.float32), target.astype(np.float32)))
    return frames


def band_of(depth: float, bins: int) -> int:
    share = math.log(depth / NEAR) / math.log(FAR / NEAR)
    return min(max(math.floor(share * bins), 0), bins - 1)


def test_means_are_those_of_a_loop_over_all_pixels_of_all_frames() -> None:
    sums = ErrorSums(NEAR, FAR)
    bands: dict[int, list[float]] = {}
    places: dict[tuple[int, int], list[float]] = {}
    joint = np.zeros((JOINT_BINS, JOINT_BINS))
    for prediction, target in made_frames():
        sums.add(prediction, target)
        height, width = target.shape
        for (v, u), t in np.ndenumerate(target.astype(float)):
            p = float(prediction[v, u])
            if t > 0 and 0 < p < math.inf:
                bands.setdefault(band_of(t, DEPTH_BANDS), []).append((p - t) / t)
                place = math.floor(v / height * ROWS), math.floor(u / width * COLUMNS)
                places.setdefault(place, []).append((p - t) / t)
                joint[band_of(t, JOINT_BINS), band_of(p, JOINT_BINS)] += 1
    curves = sums.curves()
    assert len(bands) == DEPTH_BANDS
    for band, errors in bands.items():
        assert curves.by_depth.pixels[band] == len(errors)
        assert curves.by_depth.error[band] == pytest.approx(np.mean(np.abs(errors)))
        assert curves.by_depth.bias[band] == pytest.approx(np.mean(errors))
    for place, errors in places.items():
        assert curves.by_place.error[place] == pytest.approx(np.mean(np.abs(errors)))
        assert curves.by_place.bias[place] == pytest.approx(np.mean(errors))
    for row in range(ROWS):
        errors = [e for (r, _), found in places.items() if r == row for e in found]
        assert curves.by_row.pixels[row] == len(errors)
        assert curves.by_row.bias[row] == pytest.approx(np.mean(errors))
    np.testing.assert_array_equal(curves.joint, joint)
    empty = set(np.ndindex(ROWS, COLUMNS)) - set(places)
    assert empty and all(np.isnan(curves.by_place.error[place]) for place in empty)


def test_the_limits_of_the_bins_divide_a_logarithmic_axis() -> None:
    curves = ErrorSums(NEAR, FAR).curves()
    assert curves.depths.shape == (DEPTH_BANDS + 1,)
    assert curves.depths[[0, -1]] == pytest.approx([NEAR, FAR])
    ratios = curves.joint_depths[1:] / curves.joint_depths[:-1]
    np.testing.assert_allclose(ratios, (FAR / NEAR) ** (1 / JOINT_BINS))
    assert np.isnan(curves.by_depth.error).all()
    assert ErrorSums(0, 50).curves().depths[0] == pytest.approx(0.05)


def test_limits_that_leave_nothing_between_them_are_refused() -> None:
    for near, far in ((2.0, 2.0), (-1.0, 5.0)):
        with pytest.raises(ConfigError, match='expected 0 <= min_depth < max_depth'):
            ErrorSums(near, far)

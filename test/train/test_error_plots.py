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

"""Plots and maps of errors show what they should; looked at as arrays of pixels."""

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train import error_maps
from sa4depth_train.depth_tally import BagResult, DepthTally
from sa4depth_train.error_maps import write_error_maps
from sa4depth_train.error_plots import write_error_curves, write_frames_plot
from sa4depth_train.report import Picture

ORANGE, BLUE, GREEN = (2, 95, 217), (180, 120, 31), (58, 128, 51)
V, U = np.mgrid[:60, :80].astype(np.float32)
TARGET = 1 + V / 10


def made(unit: str, frames: int = 8) -> BagResult:
    tally = DepthTally(frames, 0.5, 10)
    for number in range(frames):
        prediction = TARGET ** 0.8 * (1.3 + 0.3 * np.sin(number))
        color = np.full((60, 80, 3), 20 * number, np.uint8)
        tally.add(Picture(color, TARGET, prediction.astype(np.float32)), unit, float(number))
    return tally.result('made')


def pixels(path, color) -> int:
    image = cv2.imread(str(path)).astype(int)
    return int((np.abs(image - color).max(axis=2) < 40).sum())


@pytest.mark.parametrize('unit', ['m', 'relative'])
def test_lines_are_drawn_for_what_means_something(tmp_path, unit) -> None:
    series = made(unit).series
    write_frames_plot(tmp_path / 'frames.png', series)
    write_error_curves(tmp_path / 'curves.png', series)
    assert pixels(tmp_path / 'frames.png', GREEN) > 200
    for name in ('frames', 'curves'):
        assert pixels(tmp_path / f'{name}.png', BLUE) > 200, name
        assert (pixels(tmp_path / f'{name}.png', ORANGE) > 200) == (unit == 'm'), name


def test_one_frame_and_a_perfect_one_are_plots_all_the_same(tmp_path) -> None:
    tally = DepthTally(1, 0.5, 10)
    tally.add(Picture(np.zeros((60, 80, 3), np.uint8), TARGET, TARGET), 'm')
    result = tally.result('one')
    write_frames_plot(tmp_path / 'frames.png', result.series)
    write_error_curves(tmp_path / 'curves.png', result.series)
    write_error_maps(tmp_path / 'maps.png', result.worst)
    for name in ('frames', 'curves', 'maps'):
        assert cv2.imread(str(tmp_path / f'{name}.png')).std() > 5, name


def test_maps_tell_too_far_from_too_near_and_from_unknown(tmp_path) -> None:
    factor = np.where(U < 40, 1.5, 0.5)
    target = np.where(V < 30, TARGET, 0).astype(np.float32)
    shown = Picture(np.zeros((60, 80, 3), np.uint8), target,
                    (TARGET * factor).astype(np.float32), name='frame 3')
    write_error_maps(tmp_path / 'maps.png', [shown])
    image = cv2.imread(str(tmp_path / 'maps.png')).astype(int)
    # The last map, left of its colour bar: of strong colours the left half is blue.
    blue = (image[..., 0] - image[..., 2] > 40) & (image.max(axis=2) < 130)
    red = (image[..., 2] - image[..., 0] > 40) & (image.max(axis=2) < 130)
    grey = np.abs(image - 128).max(axis=2) < 3
    width = image.shape[1]
    last = slice(round(0.72 * width), round(0.93 * width))
    columns = {name: np.nonzero(mask[:, last])[1] for name, mask in
               {'blue': blue, 'red': red, 'grey': grey}.items()}
    assert min(map(len, columns.values())) > 1000
    assert columns['blue'].max() < columns['red'].min() + 3
    assert np.nonzero(grey[:, last])[0].mean() > np.nonzero(blue[:, last])[0].mean() + 10


def test_sparse_truth_is_drawn_as_larger_dots() -> None:
    rng = np.random.default_rng(0)
    target = np.where(rng.random((60, 80)) < 0.04, TARGET, 0).astype(np.float32)
    true, error = error_maps._thinned(Picture(np.zeros((60, 80, 3), np.uint8), target,
                                              target * np.float32(1.2)))
    assert true.shape == error.shape and true.shape[0] < 20
    assert np.isfinite(true).mean() > 0.3
    np.testing.assert_array_equal(np.isfinite(true), np.isfinite(error))
    np.testing.assert_allclose(error[np.isfinite(error)], 0.2, rtol=1e-5)
    assert set(true[np.isfinite(true)]) <= set(target[target > 0].astype(float))


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(BagError, match='cannot write the picture'):
        write_error_maps(tmp_path / 'none' / 'a.png', made('m', 1).worst)

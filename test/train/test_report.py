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

"""Pictures that compare models."""

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.report import Picture, relative_error, write_comparison

COLOR = np.full((180, 240, 3), 90, np.uint8)
TARGET = np.full((180, 240), 2.0, np.float32)


def _picture(factor: float) -> Picture:
    return Picture(COLOR, TARGET, TARGET * np.float32(factor))


def test_the_error_is_that_of_known_pixels() -> None:
    assert relative_error(_picture(1.25)) == pytest.approx(0.25)
    holes = Picture(COLOR, np.where(np.arange(240) < 120, TARGET, 0).astype(np.float32),
                    np.where(np.arange(240) < 60, 1.0, np.nan) * TARGET)
    assert relative_error(holes) == 0
    assert np.isnan(relative_error(Picture(COLOR, 0 * TARGET, TARGET)))


def test_models_are_compared_side_by_side(tmp_path) -> None:
    path = tmp_path / 'pair.png'
    models = {'before': [_picture(1.4), _picture(1.4)], 'after': [_picture(1.0), _picture(1.4)]}
    write_comparison(path, models, [0, 1])
    image = cv2.imread(str(path)).astype(int)
    # Titles, two rows; colour, truth, two predictions, two errors of 240 pixels each.
    assert image.shape == (22 + 2 * 182, 6 * 240, 3)
    first = image[22:22 + 150]
    cells = [first[:, 240 * i:240 * (i + 1)] for i in range(6)]
    assert np.abs(cells[1] - cells[3]).max() <= 1
    assert np.abs(cells[1] - cells[2]).max() > 30
    assert cells[4].mean() > cells[5].mean() + 30
    second = image[22 + 182:22 + 182 + 150]
    assert np.array_equal(second[:, 480:720], second[:, 720:960])


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(BagError, match='cannot write the picture'):
        write_comparison(tmp_path / 'none' / 'a.png', {'a': [_picture(1.0)]}, [0])

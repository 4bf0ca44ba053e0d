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

"""Superpixels: cut once and kept, and seen as the virtual camera sees them."""

from pathlib import Path

import numpy as np
from planes import FakeFrames, K
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train import superpixels
from sa4depth_train.augmentation import plain_view, random_view
from sa4depth_train.data_config import AugmentationConfig
from sa4depth_train.frame import Frame
from sa4depth_train.superpixels import planes_in_view, segment, SuperpixelConfig, Superpixels

STILL = {'min_zoom': 1.0, 'max_zoom': 1.0, 'shift': 0.0, 'roll': 0.0}


def _quarters() -> np.ndarray:
    """Four fields of one colour each, (96, 160, 3)."""
    image = np.zeros((96, 160, 3), np.uint8)
    image[:40, :100], image[:40, 100:], image[40:, :60], image[40:, 60:] = (
        (200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40))
    return image


def _frame(seen=None) -> Frame:
    return Frame(_quarters(), np.zeros((96, 160), np.float32), K, seen, 'frame')


def test_fields_of_one_colour_are_segments() -> None:
    labels = segment(_quarters(), SuperpixelConfig(sigma=0.0))
    assert labels.dtype == np.uint16
    assert sorted(np.unique(labels)) == [1, 2, 3, 4]
    for rows, columns in (((0, 40), (0, 100)), ((0, 40), (100, 160)), ((40, 96), (0, 60)),
                          ((40, 96), (60, 160))):
        assert len(np.unique(labels[rows[0]:rows[1], columns[0]:columns[1]])) == 1


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob('*.png'))


def test_segments_are_cut_once_for_the_same_settings(tmp_path, monkeypatch) -> None:
    frames = FakeFrames([_quarters(), _quarters()[::-1].copy()], tmp_path, K)
    config = SuperpixelConfig()
    first = Superpixels(frames, config)(1, frames[1].rgb)
    (file,) = _files(tmp_path)
    assert file.name == '000001.png'
    monkeypatch.setattr(superpixels, 'segment', lambda *_: pytest.fail('cut again'))
    np.testing.assert_array_equal(Superpixels(frames, config)(1, frames[1].rgb), first)
    monkeypatch.undo()
    Superpixels(frames, SuperpixelConfig(scale=50.0))(1, frames[1].rgb)
    assert len(_files(tmp_path)) == 2
    file.write_bytes(b'cut short')
    np.testing.assert_array_equal(Superpixels(frames, config)(1, frames[1].rgb), first)
    assert len(file.read_bytes()) > 50


def test_without_room_on_the_disk_they_are_cut_again(tmp_path, caplog) -> None:
    (tmp_path / 'file').write_text('')
    frames = FakeFrames([_quarters()], tmp_path / 'file' / 'folder', K)
    labels = Superpixels(frames, SuperpixelConfig(sigma=0.0))(0, frames[0].rgb)
    assert labels.max() == 4
    assert 'superpixels are not kept' in caplog.text


def test_small_segments_and_what_is_not_seen_are_no_planes() -> None:
    labels = segment(_quarters(), SuperpixelConfig(sigma=0.0))
    plain = planes_in_view(labels, _frame(), plain_view(K), (160, 96), 3000)
    # 100x40 and 100x56 pixels of fields are more than that, 60x40 is not, 60x56 is.
    assert sorted(np.unique(plain)) == [0, 1, 2, 3]
    np.testing.assert_array_equal(plain == 0, (np.indices((96, 160))[0] < 40)
                                  & (np.indices((96, 160))[1] >= 100))
    seen = np.ones((96, 160), bool)
    seen[:, 130:] = False
    masked = planes_in_view(labels, _frame(seen), plain_view(K), (160, 96), 100)
    assert not masked[:, 130:].any()
    assert masked[:, :130].all()
    wide = planes_in_view(labels, _frame(), plain_view(K), (200, 120), 100)
    assert not wide[96:].any() and not wide[:, 160:].any()


def test_segments_are_mirrored_with_the_picture() -> None:
    labels = segment(_quarters(), SuperpixelConfig(sigma=0.0))
    view = random_view(K, (160, 96), AugmentationConfig(flip=1.0, **STILL),
                       np.random.default_rng(0))
    found = planes_in_view(labels, _frame(), view, (160, 96), 100)
    np.testing.assert_array_equal(found, labels[:, ::-1])


@pytest.mark.parametrize(('wrong', 'message'), [
    ({'scale': 0.0}, 'scale must be positive'), ({'sigma': -1.0}, 'sigma must be >= 0'),
    ({'min_size': 1}, 'min_size must be >= 10'), ({'min_area': 2}, 'min_area must be >= 3')])
def test_impossible_settings_are_refused(wrong, message) -> None:
    with pytest.raises(ConfigError, match=message):
        SuperpixelConfig(**wrong)

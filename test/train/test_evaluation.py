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

"""Evaluation of a model on a bag, with an estimator that is right by construction."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import DataConfig
from sa4depth_train.evaluation import evaluate_bag
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.report import write_strip


@dataclass
class Oracle:
    """Gives the true depth, times ``factor``; remembers which images it was asked for."""

    answers: list[np.ndarray]
    factor: float = 1.0
    unit: str = 'm'
    seen: list[np.ndarray] = field(default_factory=list)

    def estimate(self, rgb, camera):
        assert (camera.width, camera.height) == (rgb.shape[1], rgb.shape[0])
        self.seen.append(rgb)
        depth = np.where(self.answers[0] > 0, self.answers.pop(0) * self.factor, np.nan)
        return SimpleNamespace(depth=depth.astype(np.float32), unit=self.unit, color=lambda: rgb)


def test_the_truth_scores_perfectly_on_the_held_out_part(room_bag) -> None:
    oracle = Oracle(room_bag.depths[16:])
    result = evaluate_bag(oracle, room_bag.path, DataConfig(), Excerpt(0.8))
    assert result.first_frame == 16
    assert result.metrics['frames'] == len(oracle.seen) == 4
    assert result.metrics['abs_rel'] == pytest.approx(0, abs=1e-6)
    assert result.metrics['delta1'] == result.metrics['coverage'] == 1
    np.testing.assert_array_equal(oracle.seen[0], room_bag.colors[16])
    assert set(result.to_json()) == {'bag', 'first_frame', 'unit', 'metrics'}


def test_a_wrong_scale_shows_in_raw_metrics_only(room_bag) -> None:
    metrics = evaluate_bag(Oracle(list(room_bag.depths), 1.5), room_bag.path,
                           DataConfig()).metrics
    assert metrics['abs_rel'] == pytest.approx(0.5, abs=1e-5)
    assert metrics['scaled_abs_rel'] == pytest.approx(0, abs=1e-5)
    assert metrics['median_scale'] == pytest.approx(2 / 3, abs=1e-5)


def test_pictures_of_a_relative_depth_are_scaled_and_say_so(room_bag, tmp_path) -> None:
    right = evaluate_bag(Oracle(list(room_bag.depths)), room_bag.path, DataConfig())
    found = evaluate_bag(Oracle(list(room_bag.depths), 7.0, 'relative'), room_bag.path,
                         DataConfig())
    assert found.metrics['abs_rel'] == pytest.approx(6, abs=1e-4)
    for a, b in zip(found.pictures, right.pictures):
        assert a.scaled and not b.scaled
        np.testing.assert_allclose(a.prediction, b.prediction, rtol=1e-5)
    write_strip(tmp_path / 'a.png', found.pictures)
    write_strip(tmp_path / 'b.png', right.pictures)
    a, b = (cv2.imread(str(tmp_path / f'{name}.png')).astype(int) for name in 'ab')
    assert np.abs(a[22:] - b[22:]).max() <= 12
    assert (a[:22] != b[:22]).any()


def test_the_start_is_where_training_stopped(room_bag) -> None:
    from sa4depth_train.bag_dataset import BagFrames
    for holdout in (0.2, 0.33, 0.5):
        frames = BagFrames([room_bag.path], DataConfig(holdout=holdout), (96, 64))
        result = evaluate_bag(Oracle(list(room_bag.depths)), room_bag.path, DataConfig(),
                              Excerpt(1 - holdout))
        assert result.first_frame == frames.heldout['room'][0]


def test_pictures_are_written(room_bag, tmp_path) -> None:
    result = evaluate_bag(Oracle(list(room_bag.depths), 1.2), room_bag.path, DataConfig())
    assert len(result.pictures) == 6
    write_strip(tmp_path / 'room.png', result.pictures)
    page = cv2.imread(str(tmp_path / 'room.png'))
    assert page.shape == (22 + 6 * 182, 4 * 270, 3)
    with pytest.raises(BagError, match='cannot write the picture'):
        write_strip(tmp_path / 'no' / 'room.png', result.pictures)


def test_nothing_to_compare_is_an_error(write_bag) -> None:
    bag = write_bag(depth='', frames=3)
    with pytest.raises(BagError, match='no frames with depth'):
        evaluate_bag(Oracle([]), bag.path, DataConfig())
    index = BagIndex(bag.path, DataConfig())
    assert index.topics.depth is None

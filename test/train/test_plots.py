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

"""Plots show what they should; looked at as arrays of pixels."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from sa4depth_train.plots import write_scale_plot, write_trajectory_plot
from sa4depth_train.pose_evaluation import MotionResult, Track
from sa4depth_train.trajectory import chain

ORANGE, BLUE, RED = (2, 95, 217), (180, 120, 31), (0, 0, 192)
FRAMES = 30


def track(ratios: np.ndarray, shift: float) -> Track:
    poses = chain([np.eye(4)] * (FRAMES - 1))
    poses[:, 2, 3] = np.arange(FRAMES)
    poses[:, 0, 3] = shift + 3 * np.sin(np.arange(FRAMES) / 5)
    return Track(poses, poses, ratios, {'ate_sim3': 0.1, 'scale_std': 0.2})


@pytest.fixture
def result() -> MotionResult:
    ones = np.ones(FRAMES - 1)
    tracks = {'posenet': track(0.5 * ones, 5), 'refined': track(1.2 * ones, 10)}
    return MotionResult('walk', 0.1 * np.arange(FRAMES), track(ones, 0).poses,
                        np.linspace(2, 3, FRAMES), np.zeros(FRAMES - 1, bool), tracks,
                        {'scale_consistency': 0.1})


def pixels(path, color) -> int:
    image = cv2.imread(str(path)).astype(int)
    return int((np.abs(image - color).max(axis=2) < 40).sum())


def test_both_tracks_are_drawn(result, tmp_path) -> None:
    for write in (write_trajectory_plot, write_scale_plot):
        write(tmp_path / 'a.png', result)
        assert pixels(tmp_path / 'a.png', ORANGE) > 200
        assert pixels(tmp_path / 'a.png', BLUE) > 200
        assert pixels(tmp_path / 'a.png', RED) == 0


def test_failures_are_marked(result, tmp_path) -> None:
    failed = np.arange(FRAMES - 1) % 10 == 3
    write_scale_plot(tmp_path / 'a.png', replace(result, failed=failed))
    assert pixels(tmp_path / 'a.png', RED) > 20


def test_one_track_where_nothing_is_refined(result, tmp_path) -> None:
    alone = replace(result, tracks={'posenet': result.tracks['posenet']})
    for write in (write_trajectory_plot, write_scale_plot):
        write(tmp_path / 'a.png', alone)
        assert pixels(tmp_path / 'a.png', ORANGE) > 200
        assert pixels(tmp_path / 'a.png', BLUE) == 0


def test_what_cannot_be_aligned_is_left_out_of_the_path(result, tmp_path) -> None:
    tracks = result.tracks | {'posenet': replace(result.tracks['posenet'], fitted=None)}
    write_trajectory_plot(tmp_path / 'a.png', replace(result, tracks=tracks))
    assert pixels(tmp_path / 'a.png', ORANGE) == 0
    assert pixels(tmp_path / 'a.png', BLUE) > 200


def test_without_depth_there_is_one_panel(result, tmp_path) -> None:
    write_scale_plot(tmp_path / 'both.png', result)
    write_scale_plot(tmp_path / 'one.png',
                     replace(result, depth_scales=np.full(FRAMES, np.nan)))
    both, one = (cv2.imread(str(tmp_path / f'{name}.png')) for name in ('both', 'one'))
    assert one.shape[0] < 0.7 * both.shape[0]


@pytest.mark.parametrize('ratios', [np.full(FRAMES - 1, np.nan), np.zeros(FRAMES - 1)],
                         ids=('unknown', 'standing still'))
def test_nothing_measured_is_a_plot_all_the_same(result, tmp_path, ratios) -> None:
    tracks = {name: replace(t, ratios=ratios, fitted=None)
              for name, t in result.tracks.items()}
    empty = replace(result, tracks=tracks, truth=np.empty((0, 4, 4)))
    write_scale_plot(tmp_path / 'a.png', empty)
    write_trajectory_plot(tmp_path / 'b.png', empty)
    assert pixels(tmp_path / 'b.png', ORANGE) > 200


def test_the_axis_is_logarithmic_only_where_scales_differ_a_lot(result, tmp_path) -> None:
    from sa4depth_train import plots
    from sa4depth_train.drawing import new_figure
    figure, axes = new_figure(4, 3)
    plots._translation_panel(axes[0], result)
    assert axes[0].get_yscale() == 'linear'
    wide = result.tracks | {'posenet': track(np.full(FRAMES - 1, 0.01), 0)}
    figure, axes = new_figure(4, 3)
    plots._translation_panel(axes[0], replace(result, tracks=wide))
    assert axes[0].get_yscale() == 'log'

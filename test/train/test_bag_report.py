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

"""What is measured on which bag, what the report says about the rest, and the report's files."""

import json

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_train.bag_report import measure_bag, tables, write_report
from sa4depth_train.data_config import DataConfig
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.motion_estimator import NetworkMotion
import torch
from walk_bag import write_walk

CONFIG = DepthNetConfig(input_height=64, input_width=96, decoder_channels=(8, 8, 8, 8, 8))


class Flat:
    """Says 2 m everywhere."""

    unit = 'm'

    def estimate(self, rgb, camera):
        self.rgb, self.depth = rgb, np.full(rgb.shape[:2], 2, np.float32)
        return self

    def color(self):
        return self.rgb


@pytest.fixture(scope='module')
def motion() -> NetworkMotion:
    torch.manual_seed(0)
    return NetworkMotion(DepthNet(CONFIG), MotionNet(MotionConfig()), 'cpu')


@pytest.fixture(scope='module')
def bags(tmp_path_factory):
    """Give four bags, by what they hold besides images."""
    folder = tmp_path_factory.mktemp('bags')
    kinds = {'both': (True, True), 'depth': (True, False), 'odometry': (False, True),
             'neither': (False, False)}
    return {
        name: write_walk(folder / name / 'walk', frames=6, depth=depth, odometry=odometry)
        for name, (depth, odometry) in kinds.items()}


def test_what_is_there_is_measured_and_what_is_not_is_said(bags, motion) -> None:
    reports = {name: measure_bag(bags[name], DataConfig(), Excerpt(), Flat(), motion)
               for name in ('both', 'depth', 'odometry')}
    notes = {name: ' '.join(report.notes) for name, report in reports.items()}
    assert reports['both'].depth.metrics['frames'] == 6
    assert 'ate_sim3' in reports['both'].motion.tracks['refined'].metrics
    assert notes['both'] == ''
    assert 'No odometry' in notes['depth']
    assert reports['depth'].depth is not None
    assert np.isfinite(reports['depth'].motion.figures['depth_scale'])
    assert 'No depth topic: depth was not measured' in notes['odometry']
    assert reports['odometry'].depth is None
    assert 'ate_sim3' in reports['odometry'].motion.tracks['posenet'].metrics


def test_a_model_of_depth_alone_measures_depth(bags) -> None:
    report = measure_bag(bags['both'], DataConfig(), Excerpt(0.5), Flat(), None)
    assert report.motion is None
    assert report.depth.metrics['frames'] == 3
    assert 'motion was not measured' in ' '.join(report.notes)


def test_nothing_to_compare_with_says_what_is_needed(bags, motion) -> None:
    with pytest.raises(BagError, match='neither depth nor odometry.*nav_msgs/Odometry'):
        measure_bag(bags['neither'], DataConfig(), Excerpt(), Flat(), motion)
    with pytest.raises(BagError, match='odometry but no depth.*recipe sa4depth'):
        measure_bag(bags['odometry'], DataConfig(), Excerpt(), Flat(), None)


def test_the_folder_holds_figures_pictures_and_a_page_with_all(bags, motion, tmp_path) -> None:
    reports = [measure_bag(bags[name], DataConfig(), Excerpt(), Flat(), motion)
               for name in ('both', 'odometry')]
    named = write_report(tmp_path / 'out', reports, {'model': '<m>', 'from': 0.0})
    assert [report.bag for report in named] == ['walk', 'walk_2']
    pictures = {'walk.png', 'walk_worst.png', 'walk_errors.png', 'walk_curves.png',
                'walk_trajectory.png', 'walk_scale.png', 'walk_2_trajectory.png',
                'walk_2_scale.png'}
    files = {path.name for path in (tmp_path / 'out').iterdir()}
    assert files == pictures | {'metrics.json', 'index.html'}
    for name in pictures:
        assert cv2.imread(str(tmp_path / 'out' / name)).std() > 5
    page = (tmp_path / 'out' / 'index.html').read_text(encoding='utf-8')
    assert page.count('<img src="data:image/png;base64,') == len(pictures)
    assert '<m>' not in page and '&lt;m&gt;' in page
    values = json.loads((tmp_path / 'out' / 'metrics.json').read_text(encoding='utf-8'))
    assert values['model'] == '<m>'
    first, second = values['bags']
    assert first['metrics']['frames'] == 6 and first['motion']['figures']['frames'] == 6
    assert second['bag'] == 'walk_2' and 'metrics' not in second
    assert second['motion']['figures']['depth_scale'] is None
    assert [len(table.rows) for table in tables(named)] == [1, 4]


def test_a_bag_without_odometry_has_no_row_of_dashes(bags, motion) -> None:
    report = measure_bag(bags['depth'], DataConfig(), Excerpt(0.5), Flat(), motion)
    assert [table.caption for table in tables([report])] == ['Depth']

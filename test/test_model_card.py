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

import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import METADATA_KEY, ModelCard, ScaleRecord
from sa4depth_ros.resources import share_path

CARD = ModelCard('n', 256, 320, canonical_focal=280.0, metrics={'walk': {'abs_rel': 0.1}},
                 training_data='walk', licence='MIT', mean=(0.1, 0.2, 0.3))


def test_card_survives_metadata_and_yaml(tmp_path):
    assert ModelCard.from_metadata(CARD.to_metadata()) == CARD
    CARD.to_yaml(tmp_path / 'card.yaml')
    assert ModelCard.from_yaml(tmp_path / 'card.yaml') == CARD


def test_unit_is_metres_only_when_something_says_so():
    assert CARD.unit == 'm'
    assert ModelCard('n', 8, 8, output='disparity').unit == 'relative'
    assert ModelCard('n', 8, 8, output='disparity', calibrated=True).unit == 'm'


@pytest.mark.parametrize(('text', 'message'), [
    ('name: n\ninput_height: 8\ninput_width: 8\nheigth: 3', "unknown keys .'heigth'"),
    ('name: n\ninput_width: 8', "missing keys .'input_height'"),
    ('- 1', 'expected a mapping'),
    ('name: [', 'cannot read'),
    ('name: n\ninput_height: 8\ninput_width: 8\noutput: depth', 'metric_depth, relative_depth'),
    ('name: n\ninput_height: 8\ninput_width: tall', 'wrong type'),
    ('name: n\ninput_height: 8\ninput_width: 8\nscale: 0', 'scale must be positive'),
    ('name: n\ninput_height: 8\ninput_width: 8\nmean: [1, 2]', 'three numbers'),
    ('name: n\ninput_height: 8\ninput_width: 8\ncameras: [front]', 'map names of cameras'),
    ('name: n\ninput_height: 8\ninput_width: 8\ncameras: {front: 2}', "camera 'front'.*'scale'"),
    ('name: n\ninput_height: 8\ninput_width: 8\ncameras: {front: {low: 1}}', "key 'scale'"),
    ('name: n\ninput_height: 8\ninput_width: 8\ncameras: {a: {scale: 1, hi: 2}}', "camera 'a'"),
    ('name: n\ninput_height: 8\ninput_width: 8\ncameras: {a: {scale: -1}}', 'positive, got -1'),
    ('name: n\ninput_height: 8\ninput_width: 8\ncalibration: {scale: big}', 'wrong type'),
    ('name: n\ninput_height: 8\ninput_width: 8\nmin_depth: 9\nmax_depth: 3', 'min_depth'),
])
def test_wrong_cards_are_refused(tmp_path, text, message):
    path = tmp_path / 'card.yaml'
    path.write_text(text)
    with pytest.raises(ModelError, match=message):
        ModelCard.from_yaml(path)


def test_metadata_without_or_with_a_broken_card():
    with pytest.raises(ModelError, match='YAML card'):
        ModelCard.from_metadata({})
    with pytest.raises(ModelError, match='not JSON'):
        ModelCard.from_metadata({METADATA_KEY: '{'})


def test_missing_shipped_file_names_the_places_searched(monkeypatch, tmp_path):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    with pytest.raises(ConfigError, match=str(tmp_path)):
        share_path('models/none.onnx')
    found = tmp_path / 'share' / 'sa4depth_ros' / 'models' / 'none.onnx'
    found.parent.mkdir(parents=True)
    found.touch()
    assert share_path('models/none.onnx') == found


def test_scales_of_single_cameras(tmp_path):
    card = ModelCard('n', 8, 8, output='disparity', scale=2.0)
    record = ScaleRecord(3.0, 2.9, 3.1, 'odometry', '/odom', used=9, refused={'still': 1})
    front = card.with_scale(record, 'front')
    assert (front.scale_of('front', 'x'), front.scale_of('left', ''), front.scale) == (3, 2, 2)
    assert (front.unit_of('front'), front.unit_of('left'), front.unit) == (
        'm', 'relative', 'relative')
    assert front.with_scale(ScaleRecord(5.0), 'front_optical').scale_of(
        'front', 'front_optical') == 3
    everywhere = front.with_scale(ScaleRecord(4.0))
    assert (everywhere.scale_of('left'), everywhere.scale_of('front')) == (4, 3)
    assert everywhere.unit == 'm'
    assert ModelCard.from_metadata(everywhere.to_metadata()) == everywhere
    everywhere.to_yaml(tmp_path / 'card.yaml')
    assert ModelCard.from_yaml(tmp_path / 'card.yaml') == everywhere


def test_a_scale_by_hand_and_a_card_of_before(tmp_path):
    path = tmp_path / 'card.yaml'
    path.write_text('name: n\ninput_height: 8\ninput_width: 8\ncameras: {front: {scale: 1.5}}')
    assert ModelCard.from_yaml(path).scale_of('front') == 1.5
    old = '{"name": "n", "input_height": 8, "input_width": 8, "scale": 2.0, "calibrated": true}'
    card = ModelCard.from_metadata({METADATA_KEY: old})
    assert (card.scale_of('front', 'frame'), card.calibration, card.cameras) == (2.0, None, {})

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

"""The comparison before and after fine-tuning: what is refused, shown and written."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_train.bag_index import fingerprint
from sa4depth_train.config_reader import read_config
from sa4depth_train.report import Picture
from walk_bag import write_walk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))


def _card(data: str) -> ModelCard:
    return ModelCard('model', 64, 96, training_data=data)


def test_a_model_that_saw_the_recording_is_refused(tmp_path, capsys) -> None:
    from fine_tune import check_unseen
    bag = write_walk(tmp_path / 'walk', frames=3)
    mark = f'walk (sha256 {fingerprint(bag)[:16]})'
    with pytest.raises(ConfigError, match="'model' was trained on 'walk'"):
        check_unseen(_card(f'first 80 % of each: other (sha256 00); {mark}'), bag)
    check_unseen(_card(f'first 80 % of each: other (sha256 00). only measured: {mark}. '
                       'command: sa4depth train (seed 0)'), bag)
    assert not capsys.readouterr().out
    check_unseen(_card(''), bag)
    assert 'does not say what it was trained on' in capsys.readouterr().out


@pytest.mark.parametrize('decoder', [{}, {'decoder': 'upproj', 'upsampling': 'res_t'}])
def test_the_network_of_the_checkpoint_is_taken(decoder) -> None:
    from fine_tune import network_settings
    network = DepthNetConfig(input_height=64, input_width=96, decoder_channels=(8, 8, 16, 16, 32),
                             min_depth=0.3, max_depth=30.0, canonical_focal=84.5, **decoder)
    settings = list(network_settings(network))
    assert read_config(ROOT / 'config/train/fine_tune.yaml', settings).network == network


def test_changes_of_errors_are_in_percent(tmp_path) -> None:
    from fine_tune import BEGIN, END, FIGURES, table, write_page
    before = dict.fromkeys(FIGURES.values(), 0.2)
    text = table(before, {'images': {**before, 'abs_rel': 0.15, 'delta1': 0.9},
                          'both': {**before, 'abs_rel': 0.1}})
    assert text.splitlines()[2].startswith('| before | 0.200 | 0.200 |')
    assert text.splitlines()[3].startswith('| images | 0.150 | 0.900 |')
    assert text.splitlines()[4] == '| change | -25% |  | +0% |  |  | +0% |  |'
    assert text.splitlines()[6] == '| change | -50% |  | +0% |  |  | +0% |  |'
    page = tmp_path / 'page.md'
    page.write_text(f'above\n{BEGIN}\nold\n{END}\nbelow\n', encoding='utf-8')
    write_page(page, text)
    assert page.read_text(encoding='utf-8') == f'above\n{BEGIN}\n{text}\n{END}\nbelow\n'
    page.write_text('nothing', encoding='utf-8')
    with pytest.raises(ConfigError, match='expected the line'):
        write_page(page, text)


def test_the_worst_frame_is_shown_last() -> None:
    from fine_tune import shown_rows
    color, target = np.zeros((6, 8, 3), np.uint8), np.ones((6, 8), np.float32)
    pictures = [Picture(color, target, target * np.float32(f))
                for f in (9.0, 1.1, 1.0, 1.9, 1.0, 1.5)]
    assert shown_rows(SimpleNamespace(pictures=pictures)) == [0, 2, 4, 3]
    assert shown_rows(SimpleNamespace(pictures=pictures[:1])) == [0]

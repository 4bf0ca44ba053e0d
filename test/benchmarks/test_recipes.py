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

"""The comparison of recipes: equal budgets, settings that exist, one table."""

import json
from pathlib import Path

import pytest
from sa4depth_train.config_reader import read_config
from walk_bag import write_walk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))


@pytest.mark.parametrize('size', [('128', '192'), ('192', '256'), ('288', '384')])
def test_all_variants_have_one_budget_and_differ_in_the_rest(size) -> None:
    from recipes import DECODERS, parser, RECIPES, settings, VARIANTS
    args = parser().parse_args(['--bag', 'walk', '--size', *size, '--set', 'data.workers=1'])
    configs = {name: read_config(ROOT / f'config/train/{variant.config}.yaml',
                                 settings(variant, args)) for name, variant in VARIANTS.items()}
    assert {(c.recipe, c.epochs, c.batch_size, c.seed, c.data.workers, c.network.input_height)
            for c in configs.values()} == {
                (recipe, 27, 4, 0, 1, int(size[0])) for recipe in ('sa4depth', 'supervised')}
    for name, config in configs.items():
        assert (config.recipe == 'supervised') == (name in DECODERS)
        if name in RECIPES:
            assert config.motion.refinement.enabled == ('refinement' in name or name == 'SA4Depth')
    for system in ('P2Net', 'supervised'):
        networks = [configs[f'{system}, {name}'].network
                    for name in ('Nearest', 'Res-T', 'Res-B', 'Res-P')]
        assert [n.upsampling for n in networks] == ['nearest', 'res_t', 'res_b', 'res_p']
        assert {(n.decoder, n.decoder_channels) for n in networks} == {
            ('upproj', (16, 32, 64, 128, 256))}
    assert configs['supervised, unet'].network.decoder == 'unet'
    cut = configs['P2Net, Res-P'].photometric.superpixels
    share = int(size[0]) * int(size[1]) / (288 * 384)
    assert (cut.scale, cut.min_size, cut.min_area) == (
        pytest.approx(100 * share), max(10, round(50 * share)), round(1000 * share))
    assert len({repr(config) for config in configs.values()}) == len(configs)


def test_a_finished_run_is_not_repeated_and_the_page_gets_the_table(
        tmp_path, monkeypatch, capsys) -> None:
    import recipes
    figures = dict.fromkeys(recipes.COLUMNS.values(), 0.25)
    for folder, error in (('sa4depth', 0.2), ('p2net-res-p', 0.1234)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'recipes.json').write_text(
            json.dumps(figures | {'scaled_abs_rel': error}))
    page = tmp_path / 'page.md'
    page.write_text(f'above\n{recipes.BEGIN}\n{recipes.END}\nbelow\n')
    monkeypatch.setattr('sys.argv', [
        'recipes.py', '--bag', str(write_walk(tmp_path / 'walk')), '--output', str(tmp_path),
        '--page', str(page),
        '--variants', 'P2Net, Res-P', 'SA4Depth'])
    recipes.main()
    text = page.read_text()
    assert '| P2Net, Res-P | 0.123 | 0.25 | 0.25 |' in text
    assert '| SA4Depth | 0.2 |' in text
    # True depths rise evenly from 1 to 3 m and their median is taken: ln 2 - ln 1.5.
    assert '| one depth everywhere | 0.288 |' in text
    assert '| 0 | - | - |' in text
    assert '`walk`, trained on its first 80 %' in text
    assert 'SA4Depth: scaled_abs_rel 0.2' in capsys.readouterr().out

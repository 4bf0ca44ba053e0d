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

"""`sa4depth average` as a user runs it: the mean of weights, and what is refused."""

from dataclasses import replace

import pytest
from sa4depth_ros.cli.main import main
from sa4depth_ros.model_card import ModelCard, ScaleRecord

torch = pytest.importorskip('torch')

CARD = ModelCard('walk', 64, 96, training_data='a walk', licence='MIT',
                 metrics={'walk': {'abs_rel': 0.1}})


def save(path, seed, card=CARD, *, motion=False, **config):
    from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
    from sa4depth_ros.networks.factory import save_checkpoint
    from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
    torch.manual_seed(seed)
    settings = {'decoder_channels': (8, 8, 8, 8, 8), **config}
    network = DepthNet(DepthNetConfig(input_height=64, input_width=96, **settings))
    # Statistics of batches differ between trainings, as weights do.
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.num_batches_tracked += seed
    save_checkpoint(path, network, card, MotionNet(MotionConfig()) if motion else None)
    return path


def average(output, *paths):
    named = [word for path in paths for word in ('--checkpoint', str(path))]
    return main(['average', *named, '--output', str(output)])


def test_weights_and_statistics_are_the_mean(tmp_path, capsys) -> None:
    from safetensors.torch import load_file
    first, second = (save(tmp_path / f'{seed}.safetensors', seed) for seed in (1, 2))
    assert average(tmp_path / 'mean.safetensors', first, second, second) == 0
    assert 'mean of 3 checkpoints' in capsys.readouterr().out
    a, b, mean = map(load_file, (first, second, tmp_path / 'mean.safetensors'))
    assert a.keys() == b.keys() == mean.keys()
    moved = 0
    for name, value in mean.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (a[name] + 2 * b[name]) / 3, rtol=1e-6, atol=1e-7)
            moved += not torch.equal(a[name], b[name])
        else:
            assert torch.equal(value, a[name])
    assert any('running_mean' in name for name in mean)
    assert moved > 50


def test_the_card_tells_the_origins_and_no_metrics(tmp_path) -> None:
    import hashlib

    from sa4depth_ros.networks.factory import load_depth_net
    first = save(tmp_path / 'a.safetensors', 1)
    second = save(tmp_path / 'b.safetensors', 2,
                  replace(CARD, training_data='a room', licence='CC BY 4.0'))
    assert average(tmp_path / 'mean.safetensors', first, second) == 0
    _, card = load_depth_net(tmp_path / 'mean.safetensors')
    assert card == replace(CARD, metrics={}, licence='MIT; CC BY 4.0',
                           training_data=card.training_data)
    for path, data in ((first, 'a walk'), (second, 'a room')):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        assert f'{path.name} (sha256 {digest}): {data}' in card.training_data


def test_motion_is_the_mean_of_those_that_hold_it(tmp_path) -> None:
    from safetensors.torch import load_file
    start = save(tmp_path / 'start.safetensors', 1)
    tuned = save(tmp_path / 'tuned.safetensors', 2, motion=True)
    again = save(tmp_path / 'again.safetensors', 3, motion=True)
    assert average(tmp_path / 'one.safetensors', start, tuned) == 0
    tuned_weights, one = load_file(tuned), load_file(tmp_path / 'one.safetensors')
    motion = [name for name in tuned_weights if name.startswith('motion.')]
    assert motion
    for name in motion:
        assert torch.equal(one[name], tuned_weights[name])
    assert average(tmp_path / 'two.safetensors', start, tuned, again) == 0
    two, last = load_file(tmp_path / 'two.safetensors'), load_file(again)
    name = next(name for name in motion if not torch.equal(tuned_weights[name], last[name]))
    torch.testing.assert_close(two[name], (tuned_weights[name] + last[name]) / 2)


@pytest.mark.parametrize(('change', 'said'), [
    ({'canonical_focal': 280.0}, 'canonical_focal 280.0'),
    ({'output': 'relative_depth'}, 'output relative_depth'),
    ({'max_depth': 20.0}, 'max_depth 20.0')])
def test_other_meanings_of_depth_are_refused(tmp_path, capsys, change, said) -> None:
    first = save(tmp_path / 'a.safetensors', 1)
    second = save(tmp_path / 'b.safetensors', 2, replace(CARD, **change))
    assert average(tmp_path / 'mean.safetensors', first, second) == 2
    error = capsys.readouterr().err
    assert said in error and 'b.safetensors' in error
    assert not (tmp_path / 'mean.safetensors').exists()


def test_other_networks_are_refused(tmp_path, capsys) -> None:
    first = save(tmp_path / 'a.safetensors', 1)
    second = save(tmp_path / 'b.safetensors', 2, decoder_channels=(8, 8, 8, 8, 16))
    assert average(tmp_path / 'mean.safetensors', first, second) == 2
    assert 'only like networks can be averaged' in capsys.readouterr().err


def test_a_calibrated_scale_is_refused(tmp_path, capsys) -> None:
    first = save(tmp_path / 'a.safetensors', 1)
    for card in (CARD.with_scale(ScaleRecord(1.2)), CARD.with_scale(ScaleRecord(1.2), 'front')):
        second = save(tmp_path / 'b.safetensors', 2, card)
        assert average(tmp_path / 'mean.safetensors', first, second) == 2
        assert 'calibrate the mean' in capsys.readouterr().err


def test_one_checkpoint_or_another_output_is_refused(tmp_path, capsys) -> None:
    first = save(tmp_path / 'a.safetensors', 1)
    assert average(tmp_path / 'mean.safetensors', first) == 2
    assert 'at least two checkpoints' in capsys.readouterr().err
    assert average(tmp_path / 'mean.onnx', first, first) == 2
    assert '*.safetensors' in capsys.readouterr().err
    assert average(tmp_path / 'mean.safetensors', first, tmp_path / 'none.safetensors') == 2
    assert 'none.safetensors' in capsys.readouterr().err

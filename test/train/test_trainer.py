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

"""Training runs: they learn, stop, resume and complain as they should."""

from dataclasses import replace
import json

import numpy as np
import pytest
from sa4depth_ros.errors import BagError, ConfigError, ModelError
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.checkpoint import start_network
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.data_config import DataConfig
from sa4depth_train.depth_dataset import DepthDataset
from sa4depth_train.metrics import depth_metrics
from sa4depth_train.parameters import freeze_encoder_norms, freeze_shallow, parameter_groups
from sa4depth_train.recipes.supervised import depth_losses
from sa4depth_train.run_folder import create_run, open_run
from sa4depth_train.trainer import Trainer
from safetensors.torch import load_file
import torch

SMALL = TrainConfig(
    name='small', epochs=3, batch_size=4, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=64, input_width=96, canonical_focal=100.0,
                           decoder_channels=(8, 8, 16, 16, 32)),
    optimizer=OptimizerConfig(lr=2e-3, encoder_lr=1.0, freeze_encoder_norm=False))


def test_one_batch_is_learned_by_heart(room_bag) -> None:
    config = replace(SMALL, initial_weights='imagenet')
    torch.manual_seed(0)
    frames = BagFrames([room_bag.path], config.data, (96, 64))
    samples = [DepthDataset(frames, [0, 4, 8, 12], (96, 64))[i] for i in range(4)]
    image, depth, K = (torch.stack([s[key] for s in samples]) for key in ('image', 'depth', 'K'))
    factor = canonical_factor(K, config.network)
    network = start_network(config).train().to(memory_format=torch.channels_last)
    freeze_encoder_norms(network)
    optimizer = torch.optim.AdamW(parameter_groups(network, config.optimizer))
    losses = []
    for _ in range(45):
        loss = depth_losses(network(image), depth / factor, config.loss)['loss']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    prediction = (network(image) * factor).detach().numpy()
    errors = [depth_metrics(p, t)['abs_rel'] for p, t in zip(prediction, depth.numpy())]
    assert np.mean(errors) < 0.08


def test_shallow_layers_can_stand_still() -> None:
    frozen = replace(SMALL, optimizer=replace(SMALL.optimizer, frozen_stride=4))
    network = start_network(frozen)
    network(torch.rand(1, 3, 64, 96)).sum().backward()
    learns = {name.removeprefix('encoder.') for name, one in network.named_parameters()
              if one.grad is not None and name.startswith('encoder.')}
    # Strides 2 and 4 are the stem and blocks 0 to 2, of sixteen.
    assert {name.split('.')[1] for name in learns} == {str(block) for block in range(3, 16)}
    assert not any(name.startswith('stem') for name in learns)
    everything = dict(start_network(SMALL).named_parameters())
    assert all(parameter.requires_grad for parameter in everything.values())
    chosen = [one for group in parameter_groups(network, frozen.optimizer)
              for one in group['params']]
    assert len(chosen) == sum(one.grad is not None for one in network.parameters())


def test_shallow_layers_of_other_encoders_are_refused() -> None:
    network = start_network(SMALL)
    network.encoder = torch.nn.Identity()
    with pytest.raises(ConfigError, match='frozen_stride is for network.encoder=eff'):
        freeze_shallow(network, 4)


def test_a_run_leaves_checkpoints_metrics_and_a_log(room_bag, tmp_path) -> None:
    run = create_run(tmp_path / 'run', replace(SMALL, epochs=2), [room_bag.path])
    trainer = Trainer(run)
    assert trainer.run()
    network, card = load_depth_net(run.best)
    assert network.config == SMALL.network
    assert (card.name, card.input_height, card.input_width) == ('small', 64, 96)
    assert card.canonical_focal == 100.0
    assert 'room (sha256 ' in card.training_data
    assert card.metrics['room']['frames'] == 4
    written = json.loads(run.metrics.read_text())
    assert [entry['epoch'] for entry in written['epochs']] == [1, 2]
    assert written['epochs'] == trainer.history
    assert list(run.tensorboard.iterdir())
    best = min(written['epochs'], key=lambda entry: entry['score'])
    assert card.metrics['room']['abs_rel'] in [
        round(best['heldout']['room']['abs_rel'], 4)]


def test_no_number_as_loss_stops_and_names_the_frames(write_bag, tmp_path, monkeypatch) -> None:
    bag = write_bag(frames=6)
    trainer = Trainer(create_run(tmp_path / 'run', SMALL, [bag.path]))
    monkeypatch.setattr('sa4depth_train.recipes.supervised.silog',
                        lambda prediction, *_, **__: prediction.mean() * float('nan'))
    with pytest.raises(ModelError, match=r'the loss became nan in epoch 1, step 1, on: '
                                         r'bag frame \d \(stamp 1700000000\.\d{3}\)'):
        trainer.run()


def test_frames_without_any_depth_do_no_harm(write_bag, tmp_path) -> None:
    bag = write_bag(frames=6, depth='32FC1', broken_frame=2)
    trainer = Trainer(create_run(tmp_path / 'run', replace(SMALL, epochs=1), [bag.path]))
    assert trainer.run()
    assert np.isfinite(trainer.history[0]['loss'])


def test_without_held_out_frames_the_last_epoch_is_the_best(write_bag, tmp_path) -> None:
    config = replace(SMALL, epochs=2, data=DataConfig(holdout=0.0))
    run = create_run(tmp_path / 'run', config, [write_bag(frames=4).path])
    assert Trainer(run).run()
    assert run.best.read_bytes() == run.last.read_bytes()


def test_training_goes_on_from_a_checkpoint(room_bag, tmp_path) -> None:
    run = create_run(tmp_path / 'first', replace(SMALL, epochs=1), [room_bag.path])
    Trainer(run).run()
    network = start_network(replace(SMALL, initial_weights=str(run.best)))
    saved = load_file(run.best)
    assert all(torch.equal(value, saved[name]) for name, value in network.state_dict().items())
    other = replace(SMALL, network=DepthNetConfig(), initial_weights=str(run.best))
    with pytest.raises(ConfigError, match='make them alike'):
        start_network(other)
    with pytest.raises(ConfigError, match='imagenet, pretrained, random or the path'):
        start_network(replace(SMALL, initial_weights='vgg'))


def test_norms_and_biases_do_not_decay_and_the_encoder_is_slower() -> None:
    network = start_network(SMALL)
    config = replace(SMALL, optimizer=OptimizerConfig(lr=1e-3, encoder_lr=0.1))
    groups = parameter_groups(network, config.optimizer)
    assert sum(len(g['params']) for g in groups) == len(list(network.parameters()))
    by_id = {id(p): g for g in groups for p in g['params']}
    assert by_id[id(network.encoder.stem.conv.weight)]['lr'] == pytest.approx(1e-4)
    assert by_id[id(network.head.weight)]['lr'] == 1e-3
    assert by_id[id(network.head.bias)]['weight_decay'] == 0
    assert by_id[id(network.head.weight)]['weight_decay'] == 0.01


def test_a_folder_holds_one_run(room_bag, tmp_path) -> None:
    run = create_run(tmp_path / 'run', SMALL, [room_bag.path])
    with pytest.raises(ConfigError, match='no state yet'):
        open_run(tmp_path / 'run')
    # A start that failed is no run.
    assert create_run(tmp_path / 'run', replace(SMALL, seed=3), [room_bag.path]).config.seed == 3
    run.state.mkdir()
    with pytest.raises(ConfigError, match='already holds a run.*--resume'):
        create_run(tmp_path / 'run', SMALL, [room_bag.path])
    with pytest.raises(ConfigError, match=r'no run\.yaml'):
        open_run(tmp_path / 'nothing')


def test_a_changed_bag_is_not_resumed(write_bag, tmp_path) -> None:
    bag = write_bag(frames=5)
    run = create_run(tmp_path / 'run', SMALL, [bag.path])
    run.state.mkdir()
    assert open_run(run.path).config == SMALL
    with next(bag.path.glob('*.mcap')).open('ab') as file:
        file.write(b'more')
    with pytest.raises(ConfigError, match='is gone or has changed'):
        open_run(run.path)


def test_a_bag_without_depth_cannot_train(write_bag, tmp_path) -> None:
    bag = write_bag(depth='', frames=4)
    with pytest.raises(BagError, match='no depth topic'):
        Trainer(create_run(tmp_path / 'run', SMALL, [bag.path]))

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

"""Good depth stays good, and metric, while it learns on without labels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.data_config import AugmentationConfig, DataConfig, TripletConfig
from sa4depth_train.depth_anchor import DepthAnchor
from sa4depth_train.parameters import parameter_groups
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.recipes.self_supervised import SelfSupervisedRecipe
from sa4depth_train.run_folder import create_run, open_run
from sa4depth_train.trainer import Trainer
from safetensors.torch import load_file
import torch

SUPERVISED = TrainConfig(
    epochs=1, batch_size=2, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=64, input_width=96, canonical_focal=70.0,
                           decoder_channels=(8, 8, 8, 8, 8)))
ANCHORED = replace(
    SUPERVISED, recipe='sa4depth', epochs=2, data=DataConfig(holdout=0.3),
    # The light of the recording, so that the depth of the start is the same to the last bit.
    augmentation=AugmentationConfig(exposure=1.0, gamma=1.0, white_balance=1.0, saturation=1.0,
                                    noise=0.0),
    motion=MotionConfig(PoseNetConfig(channels=8), FeatureNetConfig(channels=8, width=8),
                        RefinementConfig(points=64, iterations=2)),
    triplets=TripletConfig(min_flow=0.001, min_parallax=0.0, max_flow=0.5),
    photometric=PhotometricConfig(depth_from_epoch=1, anchor=0.05, anchor_scale=0.5),
    optimizer=OptimizerConfig(lr=1e-3, depth_lr=0.3, freeze_depth_norm=True, ema=0.0))


@pytest.fixture(scope='module')
def start(walk, tmp_path_factory) -> Path:
    """Train a metric network, but for a step or two."""
    run = create_run(tmp_path_factory.mktemp('start') / 'run', SUPERVISED, [walk])
    assert Trainer(run).run()
    return run.last


def _depth_weights(path: Path) -> dict[str, torch.Tensor]:
    return {name: value for name, value in load_file(path).items()
            if not name.startswith('motion.')}


def test_the_anchor_tells_shape_from_scale() -> None:
    network = DepthNet(SUPERVISED.network)
    anchor = DepthAnchor(network, metric=True).train()
    image, seen = torch.rand(2, 3, 64, 96), torch.ones(2, 1, 64, 96)
    with torch.no_grad():
        depth = network.eval()(image)
    factor = torch.tensor([1.2, 1.1]).view(2, 1, 1, 1)
    losses = anchor(image, depth * factor, seen)
    assert losses['anchor'].item() == pytest.approx(0, abs=1e-5)
    assert losses['anchor_scale'].item() == pytest.approx(np.log([1.2, 1.1]).mean() ** 2, abs=1e-5)
    # Two frames that move against each other keep the scale of all.
    losses = anchor(image, depth * torch.stack([factor[0], 1 / factor[0]]), seen)
    assert losses['anchor_scale'].item() == pytest.approx(0, abs=1e-5)
    half = torch.ones(64, 96)
    half[:, :48] = 1.5
    losses = anchor(image, depth * half, seen)
    assert losses['anchor'].item() == pytest.approx(np.log(1.5) / 2, abs=1e-4)
    # Where the picture shows nothing of the world nothing counts.
    seen[..., :48] = 0
    losses = anchor(image, depth * half, seen)
    assert max(loss.item() for loss in losses.values()) == pytest.approx(0, abs=1e-5)


def test_depth_waits_for_motion_and_stays_metric(walk, start, tmp_path) -> None:
    config = replace(ANCHORED, initial_weights=str(start))
    run = create_run(tmp_path / 'run', config, [walk])
    trainer = Trainer(run)
    assert trainer.run()
    before, after = _depth_weights(start), _depth_weights(run.last)
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert 'head.weight' in changed
    assert not any(name.endswith(('running_mean', 'running_var')) for name in changed)
    # In the first epoch the depth of no picture was another one than that of the start.
    assert [entry['losses']['anchor'] > 0 for entry in trainer.history] == [False, True]
    _, card = load_depth_net(run.last)
    assert card.output == 'metric_depth'
    assert 'abs_rel' in card.metrics['walk']


def test_without_an_anchor_of_scale_metres_are_lost(walk, start, tmp_path) -> None:
    config = replace(ANCHORED, initial_weights=str(start), epochs=1,
                     photometric=PhotometricConfig(anchor=0.05))
    run = create_run(tmp_path / 'run', config, [walk])
    assert Trainer(run).run()
    assert load_depth_net(run.last)[1].output == 'relative_depth'


def test_a_resumed_run_keeps_its_anchor(walk, start, tmp_path) -> None:
    copy = tmp_path / 'start.safetensors'
    copy.write_bytes(start.read_bytes())
    config = replace(ANCHORED, initial_weights=str(copy))
    run = create_run(tmp_path / 'run', config, [walk])
    stopped = Trainer(run)
    stopped._config = replace(config, epochs=1)
    assert stopped.run()
    copy.unlink()
    resumed = Trainer(open_run(run.path), resume=True)
    saved = _depth_weights(start)
    held = resumed._recipe.model.anchor.network.state_dict()
    assert all(torch.equal(held[name], saved[name]) for name in saved)
    assert resumed.run()
    assert load_depth_net(run.last)[1].output == 'metric_depth'


def test_an_anchor_needs_something_to_hold_on_to(walk, tmp_path) -> None:
    config = replace(ANCHORED, initial_weights='imagenet')
    with pytest.raises(ConfigError, match='checkpoint with good depth, got .imagenet'):
        SelfSupervisedRecipe(create_run(tmp_path / 'run', config, [walk]), torch.device('cpu'))


def test_the_depth_network_has_a_rate_of_its_own(walk, start, tmp_path) -> None:
    config = replace(ANCHORED, initial_weights=str(start))
    model = SelfSupervisedRecipe(
        create_run(tmp_path / 'run', config, [walk]), torch.device('cpu')).model
    rates = {id(p): group['lr'] for group in parameter_groups(model, config.optimizer)
             for p in group['params']}
    assert rates[id(model.depth_net.head.weight)] == pytest.approx(3e-4)
    assert rates[id(next(model.depth_net.encoder.parameters()))] == pytest.approx(0.25 * 3e-4)
    assert rates[id(next(model.motion_net.pose_net.head.parameters()))] == pytest.approx(1e-3)
    assert not {id(p) for p in model.anchor.parameters()} & rates.keys()

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

"""Depth and video in one run: both teach the depth network, which is metric."""

from dataclasses import replace

import pytest
from rendered_cache import write_cache
from resumed_run import assert_resumes_to_the_same
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.factory import holds_motion, load_depth_net
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.data_config import DataConfig
from sa4depth_train.mixed_dataset import MixedDataset
from sa4depth_train.recipes.mixed import MixedRecipe
from sa4depth_train.run_folder import create_run
from sa4depth_train.trainer import Trainer
import torch
import walk_bag
from walk_bag import write_walk

SMALL = TrainConfig(
    recipe='mixed', name='small', epochs=2, batch_size=2, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=64, input_width=96, decoder_channels=(8, 8, 8, 8, 8)),
    motion=MotionConfig(PoseNetConfig(channels=8), FeatureNetConfig(channels=8, width=8),
                        RefinementConfig(enabled=False)),
    data=DataConfig(samples_per_epoch=8, triplet_share=0.5),
    optimizer=OptimizerConfig(lr=2e-3, encoder_lr=1.0, freeze_encoder_norm=False))


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    """Give the walk without its depth."""
    from rendered_pair import photograph
    poses = walk_bag.walk_poses(12)
    poses[:, 2, 3] -= 1.0
    pictures = [photograph(pose, walk_bag.K, (walk_bag.HEIGHT, walk_bag.WIDTH))
                for pose in poses]
    return write_walk(tmp_path_factory.mktemp('video') / 'video', frames=12, depth=False,
                      odometry=False, pictures=pictures)


def test_video_without_depth_and_worlds_teach_one_network(video, tmp_path) -> None:
    run = create_run(tmp_path / 'run', SMALL, [video],
                     worlds=[write_cache(tmp_path / 'worlds', unseen=1)])
    trainer = Trainer(run)
    # Four steps with depth and two with triplets.
    assert trainer.steps_per_epoch == 6
    before = {name: value.clone() for name, value in trainer._recipe.model.state_dict().items()}
    assert trainer.run()
    losses = trainer.history[-1]['losses']
    assert {'silog', 'gradient', 'photometric', 'smoothness'} <= losses.keys()
    after = trainer._recipe.model.state_dict()
    for part in ('video.depth_net.head', 'video.motion_net.pose_net'):
        assert any(not torch.equal(after[name], before[name]) for name in after
                   if name.startswith(part))
    assert set(trainer.history[-1]['heldout']) == {'worlds'}
    _, card = load_depth_net(run.best)
    assert card.output == 'metric_depth'
    assert 'video (sha256' in card.training_data
    assert not holds_motion(run.best)


def test_means_are_of_the_steps_that_had_the_loss(video, tmp_path, monkeypatch) -> None:
    run = create_run(tmp_path / 'run', replace(SMALL, epochs=1), [video],
                     worlds=[write_cache(tmp_path / 'worlds')])
    trainer = Trainer(run)
    seen = {'silog': [], 'photometric': []}
    step = trainer._step

    def noted(batch):
        losses = step(batch)
        for name in seen.keys() & losses.keys():
            seen[name].append(losses[name])
        assert ('silog' in losses) != ('photometric' in losses)
        return losses

    monkeypatch.setattr(trainer, '_step', noted)
    assert trainer.run()
    assert [len(values) for values in seen.values()] == [4, 2]
    for name, values in seen.items():
        assert trainer.history[0]['losses'][name] == pytest.approx(sum(values) / len(values))


def test_a_resumed_mixed_run_is_the_same_run(video, tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', unseen=1)
    whole = Trainer(create_run(tmp_path / 'whole', SMALL, [video], worlds=[cache]))
    assert whole.run()
    halves = create_run(tmp_path / 'halves', SMALL, [video], worlds=[cache])
    stopped = Trainer(halves)
    step, taken = stopped._step, []

    def stop_at_the_third(batch):
        taken.append(batch['name'])
        if len(taken) == 3:
            stopped._interruption.on_signal(2, None)
        return step(batch)

    stopped._step = stop_at_the_third
    assert not stopped.run()
    assert_resumes_to_the_same(halves.path, tmp_path / 'whole', whole)


def test_bags_with_depth_give_triplets_when_asked_to(walk, tmp_path) -> None:
    run = create_run(tmp_path / 'run', SMALL, [walk])
    with pytest.raises(BagError, match='no triplet of frames.*all bags have depth'):
        MixedRecipe(run, torch.device('cpu'))
    every = replace(SMALL, data=replace(SMALL.data, triplet_bags='all'))
    recipe = MixedRecipe(replace(run, config=every), torch.device('cpu'))
    assert any(line.startswith('triplets: walk: ') for line in recipe.notes)
    assert recipe.groups == (range(8), range(8, 12))
    assert 'depth' in recipe.dataset[7]
    assert 'inputs' in recipe.dataset[8]


def test_triplets_are_shown_in_turns() -> None:
    class Numbers:
        epoch = 0

        def __init__(self, count: int) -> None:
            self.count = count

        def __len__(self) -> int:
            return self.count

        def __getitem__(self, index: int) -> dict[str, int]:
            return {'index': index, 'epoch': self.epoch}

    mixed = MixedDataset(Numbers(4), Numbers(5), 3)
    shown = []
    for mixed.epoch in range(5):
        samples = [mixed[i] for i in range(4, 7)]
        assert {sample['epoch'] for sample in samples} == {mixed.epoch}
        shown += [sample['index'] for sample in samples]
    assert sorted(shown) == sorted([*range(5)] * 3)


def test_an_epoch_must_have_a_size() -> None:
    with pytest.raises(ConfigError, match='mixed needs data.samples_per_epoch > 0'):
        replace(SMALL, data=DataConfig())

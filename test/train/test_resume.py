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

"""A run that stops and goes on is the run that never stopped, bit for bit."""

from dataclasses import replace
from pathlib import Path

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.depth_net import DepthNetConfig
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.data_config import DataConfig
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.progress import Progress
from sa4depth_train.run_folder import create_run, open_run, RunFolder
from sa4depth_train.trainer import Trainer
from sa4depth_train.triplets import Triplet, Triplets
from safetensors.torch import load_file
import torch

SUPERVISED = TrainConfig(
    name='small', epochs=2, batch_size=4, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=32, input_width=64, decoder_channels=(8, 8, 8, 8, 8)),
    optimizer=OptimizerConfig(lr=2e-3, encoder_lr=1.0, freeze_encoder_norm=False))
SA4DEPTH = replace(
    SUPERVISED, recipe='sa4depth', photometric=PhotometricConfig(refine_from_epoch=1),
    motion=MotionConfig(PoseNetConfig(channels=8), FeatureNetConfig(channels=8, width=8),
                        RefinementConfig(points=64, iterations=2)))


@pytest.fixture(autouse=True)
def _any_frames_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the room, in which only a box moves, be good enough for triplets."""

    def neighbours(_frames, indices, _config) -> Triplets:
        return Triplets(tuple(Triplet(i, (i - 1, i + 1)) for part in indices.values()
                              for i in part[1:-1]), {})

    monkeypatch.setattr('sa4depth_train.recipes.self_supervised.find_triplets', neighbours)


def stopping_after(run: RunFolder, steps: int, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    trainer = Trainer(run)
    taken = []
    step = trainer._step

    def stop_at_the_last(batch):
        taken.append(batch['name'])
        if len(taken) == steps:
            trainer._interruption.on_signal(2, None)
        assert len(taken) <= steps
        return step(batch)

    monkeypatch.setattr(trainer, '_step', stop_at_the_last)
    return trainer


@pytest.mark.parametrize(
    ('config', 'workers'), [(SUPERVISED, 0), (SA4DEPTH, 1)], ids=['supervised', 'sa4depth'])
def test_a_resumed_run_is_the_same_run(
        config, workers, room_bag, tmp_path, monkeypatch) -> None:
    config = replace(config, data=DataConfig(workers=workers))
    whole = create_run(tmp_path / 'whole', config, [room_bag.path])
    uninterrupted = Trainer(whole)
    assert uninterrupted.run()

    halves = create_run(tmp_path / 'halves', config, [room_bag.path])
    stopped = stopping_after(halves, uninterrupted.steps_per_epoch + 1, monkeypatch)
    assert not stopped.run()
    torch.manual_seed(12345)
    resumed = Trainer(open_run(tmp_path / 'halves'), resume=True)
    assert resumed.run()
    assert resumed.history == uninterrupted.history
    weights, expected = (load_file(run.last) for run in (halves, whole))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_resuming_needs_no_initial_weights(room_bag, tmp_path, monkeypatch) -> None:
    start = create_run(tmp_path / 'start', replace(SUPERVISED, epochs=1), [room_bag.path])
    assert Trainer(start).run()
    config = replace(SUPERVISED, initial_weights=str(start.best))
    run = create_run(tmp_path / 'run', config, [room_bag.path])
    assert not stopping_after(run, 1, monkeypatch).run()
    start.best.unlink()
    assert Trainer(open_run(run.path), resume=True).run()


def test_a_save_that_is_cut_short_leaves_the_last_state(room_bag, tmp_path, monkeypatch) -> None:
    run = create_run(tmp_path / 'run', SUPERVISED, [room_bag.path])
    trainer = stopping_after(run, 1, monkeypatch)
    assert not trainer.run()
    before = {path.name: path.read_bytes() for path in run.state.iterdir()}

    def fail(folder: str) -> None:
        Path(folder).mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer._accelerator, 'save_state', fail)
    with pytest.raises(KeyboardInterrupt):
        trainer._save_state()
    assert {path.name: path.read_bytes() for path in run.state.iterdir()} == before


def test_another_number_of_processes_is_another_run() -> None:
    progress = Progress(2)
    progress.load_state_dict(Progress(2).state_dict())
    with pytest.raises(ConfigError, match=r'had 1 process\(es\), this one has 2'):
        progress.load_state_dict(Progress(1).state_dict())

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

"""Rendered worlds as training data: frames, scenes, what is measured only, whole runs."""

from dataclasses import replace

import numpy as np
import pytest
from rendered_cache import HEIGHT, K, WIDTH, write_cache
from resumed_run import assert_resumes_to_the_same
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_train.augmentation import random_view, render_view
from sa4depth_train.checkpoint import start_network
from sa4depth_train.config import LossConfig, OptimizerConfig, TrainConfig
from sa4depth_train.data_config import AugmentationConfig, DataConfig
from sa4depth_train.depth_dataset import DepthDataset
from sa4depth_train.rendered_frames import RenderedFrames
from sa4depth_train.run_folder import create_run, open_run
from sa4depth_train.trainer import Trainer
from sa4depth_train.training_frames import TrainingFrames
from safetensors.torch import load_file
import torch

SMALL = TrainConfig(
    name='small', epochs=2, batch_size=4, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=32, input_width=64, decoder_channels=(8, 8, 8, 8, 8)),
    data=DataConfig(samples_per_epoch=12, real_share=0.25, measured_frames=3),
    loss=LossConfig(per_image=True, scale=1.0, real=2.0),
    optimizer=OptimizerConfig(lr=2e-3, encoder_lr=1.0, freeze_encoder_norm=False))


def test_frames_are_those_of_the_cache(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', worlds=2, frames=3, unseen=1)
    frames = RenderedFrames([cache], DataConfig(max_depth=2.5), (WIDTH, HEIGHT))
    assert len(frames) == 9
    assert frames.train_of == {'worlds/00000': [0, 1, 2], 'worlds/00001': [3, 4, 5]}
    assert frames.heldout == {'worlds': [6, 7, 8]}
    frame = frames[4]
    assert frame.rendered
    assert frame.name == 'worlds/00001 frame 1'
    assert np.array_equal(frame.rgb, np.load(cache / '00001' / 'rgb.npy')[1])
    assert np.unique(frame.depth).tolist() == [0.0, 2.0]
    np.testing.assert_array_equal(frame.K, K)
    # Beyond max_depth there is no ground truth.
    assert not frames[7].depth.any()


def test_large_pictures_are_shrunk_and_K_follows(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', worlds=1, scale=4)
    frame = RenderedFrames([cache], DataConfig(), (WIDTH, HEIGHT))[0]
    assert frame.depth.shape == (80, 120)
    assert frame.K[0, 0] == pytest.approx(100)
    # Pixel centres are at integers: where the left border of the image was stays there.
    assert (frame.K[0, 2] + 0.5) / 120 == pytest.approx((K[0, 2] + 0.5) / WIDTH)


def test_a_zoomed_picture_of_the_canonical_camera_shows_the_canonical_depth(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', worlds=1)
    frames = RenderedFrames([cache], DataConfig(), (WIDTH, HEIGHT))
    config = DepthNetConfig(input_height=HEIGHT, input_width=WIDTH, canonical_focal=160.0)
    sample = DepthDataset(frames, [0], (WIDTH, HEIGHT))[0]
    # fx is 80: the canonical camera, twice as long, would see this picture from twice as far.
    canonical = sample['depth'] / canonical_factor(sample['K'][None], config)[0]
    assert float(canonical.max()) == pytest.approx(2.0)
    zoomed = DepthDataset(frames, [0], (WIDTH, HEIGHT), AugmentationConfig(
        min_zoom=2.0, max_zoom=2.0))[0]
    canonical = zoomed['depth'] / canonical_factor(zoomed['K'][None], config)[0]
    assert float(canonical.max()) == pytest.approx(1.0)


def test_depth_and_picture_of_a_view_lie_where_K_says(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', worlds=1)
    frame = RenderedFrames([cache], DataConfig(), (WIDTH, HEIGHT))[0]
    mark = frame.depth.copy()
    mark[40:43, 60:63] = 5.0
    view = random_view(frame.K, (WIDTH, HEIGHT), AugmentationConfig(
        min_zoom=1.3, max_zoom=1.3, roll=10), np.random.default_rng(1))
    _, depth = render_view(frame.rgb, mark, frame.K, view, (WIDTH, HEIGHT))
    rows, columns = np.nonzero(depth == 5.0)
    ray = view.M @ np.linalg.inv(frame.K) @ [61, 41, 1]
    expected = view.K @ ray
    assert columns.mean() == pytest.approx(expected[0], abs=0.6)
    assert rows.mean() == pytest.approx(expected[1], abs=0.6)


def test_a_run_mixes_bags_and_worlds_and_measures_what_is_held_out(
        room_bag, write_bag, tmp_path) -> None:
    other = write_bag('other', frames=6)
    caches = [write_cache(tmp_path / 'train_worlds'),
              write_cache(tmp_path / 'test_worlds', worlds=0, unseen=2)]
    run = create_run(tmp_path / 'run', SMALL, [room_bag.path], heldout_bags=[other.path],
                     worlds=caches, command='sa4depth train of a test')
    frames = TrainingFrames(run, (64, 32))
    assert {name: len(part) for name, part in frames.bags.items()} == {'room': 16, 'other': 0}
    assert len(frames.worlds) == 3
    trainer = Trainer(run)
    assert trainer.steps_per_epoch == 3
    assert trainer.run()
    heldout = trainer.history[-1]['heldout']
    assert {name: values['frames'] for name, values in heldout.items()} == {
        'room': 3, 'other': 3, 'test_worlds': 3}
    errors = [(v['abs_rel'] + v['scaled_abs_rel']) / 2 for v in heldout.values()]
    assert trainer.history[-1]['score'] == pytest.approx(np.mean(errors))
    text = load_depth_net(run.last)[1].training_data
    for expected in ('first 80 % of each: room (sha256', 'only measured: other (sha256',
                     'train_worlds (3 rendered worlds, 12 frames, seed 7, sha256',
                     'test_worlds (2 with unseen surfaces, 8 frames',
                     'command: sa4depth train of a test (seed 0)'):
        assert expected in text


def test_the_share_of_each_kind_is_in_the_samples(room_bag, tmp_path) -> None:
    run = create_run(tmp_path / 'run', SMALL, [room_bag.path],
                     worlds=[write_cache(tmp_path / 'worlds')])
    frames = TrainingFrames(run, (64, 32))
    dataset = DepthDataset(frames, frames.chosen(SMALL.data, 0), (64, 32),
                           SMALL.augmentation, 0)
    names = {}
    for epoch in (0, 1):
        dataset.epoch = epoch
        samples = [dataset[i] for i in range(len(dataset))]
        assert sum(sample['rendered'] for sample in samples) == 9
        names[epoch] = [sample['name'] for sample in samples]
    assert names[0] != names[1]
    dataset.epoch = 0
    assert [dataset[i]['name'] for i in range(len(dataset))] == names[0]


def test_all_frames_once_is_the_default(room_bag, tmp_path) -> None:
    run = create_run(tmp_path / 'run', replace(SMALL, data=DataConfig()), [room_bag.path],
                     worlds=[write_cache(tmp_path / 'worlds')])
    chosen = TrainingFrames(run, (64, 32)).chosen(run.config.data, 0)
    assert sorted(chosen) == [*range(16), *range(20, 32)]


def test_a_resumed_run_of_worlds_is_the_same_run(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', unseen=1)
    whole = Trainer(create_run(tmp_path / 'whole', SMALL, [], worlds=[cache]))
    assert whole.run()
    halves = create_run(tmp_path / 'halves', SMALL, [], worlds=[cache])
    stopped = Trainer(halves)
    finish = stopped._finish_epoch

    def stop(log) -> None:
        finish(log)
        stopped._stop = True

    stopped._finish_epoch = stop
    assert not stopped.run()
    assert_resumes_to_the_same(halves.path, tmp_path / 'whole', whole)
    write_cache(cache, worlds=4)
    with pytest.raises(ConfigError, match='worlds in .* have changed'):
        open_run(halves.path)


def test_what_cannot_be_trained_on_is_refused(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds', worlds=0, unseen=1)
    run = create_run(tmp_path / 'run', SMALL, [], worlds=[cache])
    with pytest.raises(BagError, match='no frames to train on'):
        Trainer(run)
    with pytest.raises(BagError, match='expected a cache of rendered worlds'):
        create_run(tmp_path / 'other', SMALL, [], worlds=[tmp_path])
    with pytest.raises(ConfigError, match='learns from bags alone'):
        Trainer(replace(run, config=replace(SMALL, recipe='sa4depth')))


def test_weights_of_a_smaller_input_are_a_start_for_a_larger_one(tmp_path) -> None:
    cache = write_cache(tmp_path / 'worlds')
    small = replace(SMALL, epochs=1, network=replace(SMALL.network, canonical_focal=70.0))
    run = create_run(tmp_path / 'small', small, [], worlds=[cache])
    assert Trainer(run).run()
    twice = replace(small.network, input_height=64, input_width=128, canonical_focal=140.0)
    network = start_network(replace(SMALL, network=twice, initial_weights=str(run.best)))
    assert network.config == twice
    saved = load_file(run.best)
    assert all(torch.equal(value, saved[name]) for name, value in network.state_dict().items())
    # The same focal length in pixels is another camera where the picture is twice as large.
    with pytest.raises(ConfigError, match='make them alike'):
        start_network(replace(SMALL, network=replace(twice, canonical_focal=70.0),
                              initial_weights=str(run.best)))

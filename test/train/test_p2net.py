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

"""P2Net: patches, planes and two frames on each side, in one run of the trainer."""

from dataclasses import replace
from pathlib import Path

from learning import photometric_by_heart
import numpy as np
import pytest
from rendered_pair import photograph, ROOM
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.config_reader import read_config
from sa4depth_train.data_config import DataConfig, TripletConfig
from sa4depth_train.keypoints import KeypointConfig, select_keypoints
from sa4depth_train.metrics import depth_metrics
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.recipes.self_supervised import SelfSupervisedRecipe
from sa4depth_train.run_folder import create_run
from sa4depth_train.self_supervised_model import SelfSupervisedModel, target_to_sources
from sa4depth_train.superpixels import SuperpixelConfig
from sa4depth_train.trainer import Trainer
import torch

CONFIG = Path(__file__).parents[2] / 'config' / 'train' / 'p2net.yaml'
LOSSES = PhotometricConfig(
    patches=True, planar=0.05, keypoints=KeypointConfig(count=200, total=300),
    superpixels=SuperpixelConfig(min_area=100))
SMALL = TrainConfig(
    name='walk', recipe='sa4depth', epochs=1, batch_size=2, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=64, input_width=96, canonical_focal=0.0, decoder='upproj',
                           upsampling='res_p', decoder_channels=(4, 8, 8, 16, 16)),
    motion=MotionConfig(refinement=RefinementConfig(enabled=False, points=128)),
    triplets=TripletConfig(span=2, min_flow=0.001, min_parallax=0.0, max_flow=0.5),
    photometric=LOSSES, data=DataConfig(holdout=0.3), optimizer=OptimizerConfig(steps=(0.5,)))


def _rigid(rng) -> np.ndarray:
    T = np.eye(4)
    T[:3, :3] = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    T[:3, 3] = rng.normal(size=3)
    return T


def test_two_steps_are_composed_in_the_right_order() -> None:
    """Of cameras at known places: two steps give what one would."""
    rng = np.random.default_rng(0)
    # Camera to world of two samples: the target, then the frames -2, -1, 1 and 2.
    world = np.array([[_rigid(rng) for _ in range(5)] for _ in range(2)])
    origins = torch.tensor([[2, 0, 0, 3], [0, 0, 0, 3]])
    steps = np.array([[np.linalg.inv(world[n, k + 1]) @ world[n, origins[n, k]]
                       for k in range(4)] for n in range(2)])
    found = target_to_sources(torch.from_numpy(steps), origins).numpy()
    for n in range(2):
        for k in range(4):
            expected = np.linalg.inv(world[n, k + 1]) @ world[n, 0]
            np.testing.assert_allclose(found[n, k], expected, atol=1e-12)


def test_the_shipped_configuration_is_that_of_the_paper() -> None:
    config = read_config(CONFIG)
    network, losses = config.network, config.photometric
    assert (network.decoder, network.input_height, network.input_width) == ('upproj', 288, 384)
    assert (network.min_depth, network.max_depth) == (0.1, 10.0)
    assert (losses.patches, losses.smoothness, losses.planar, losses.ssim) == (
        True, 0.001, 0.05, 0.85)
    assert (losses.keypoints.count, losses.keypoints.total) == (2000, 3000)
    assert losses.superpixels == SuperpixelConfig(100.0, 0.5, 50, 1000)
    assert (config.epochs, config.batch_size, config.triplets.span) == (41, 12, 2)
    for upsampling in ('nearest', 'res_t', 'res_b', 'res_p'):
        changed = read_config(CONFIG, [f'network.upsampling={upsampling}',
                                       'motion.refinement.enabled=true'])
        assert changed.network.upsampling == upsampling
        assert changed.motion.refinement.enabled


def test_the_loss_is_equation_8(walk, tmp_path) -> None:
    recipe = SelfSupervisedRecipe(create_run(tmp_path / 'run', SMALL, [walk]),
                                  torch.device('cpu'))
    batch = torch.utils.data.default_collate([recipe.dataset[i] for i in range(2)])
    assert batch['images'].shape == (2, 5, 3, 64, 96)
    assert batch['keypoints'].shape == (2, 300, 2)
    assert batch['superpixels'].shape == (2, 64, 96)
    assert batch['superpixels'].max() > 0
    # Each sample has at least one source that is two steps away, and none starts at itself.
    assert (batch['origins'] > 0).any(1).all()
    assert set(batch['origins'][:, 0].tolist()) <= {0, 2}
    assert batch['earlier'].tolist() == [[True, True, False, False]] * 2
    terms = recipe.model.train()(batch)
    expected = terms['photometric'] + 0.001 * terms['smoothness'] + 0.05 * terms['planar']
    torch.testing.assert_close(terms['loss'].detach(), expected)
    assert terms['planar'] > 0
    terms['loss'].backward()
    learn = {name.partition('.')[0] for name, p in recipe.model.named_parameters()
             if p.grad is not None and p.grad.any()}
    assert learn == {'depth_net', 'motion_net'}


@pytest.mark.parametrize('refined', [False, True])
def test_a_run_trains_with_and_without_refinement(walk, tmp_path, refined) -> None:
    motion = replace(SMALL.motion, refinement=RefinementConfig(enabled=refined, points=128))
    cache = tmp_path / 'cache'
    config = replace(SMALL, motion=motion, data=DataConfig(holdout=0.3, cache_dir=str(cache)))
    trainer = Trainer(create_run(tmp_path / 'run', config, [walk]))
    assert trainer.run()
    (entry,) = trainer.history
    assert {'photometric', 'planar', 'smoothness'} <= set(entry['losses'])
    assert ('refined' in entry['losses']) == refined
    heldout = entry['heldout']['walk']
    assert entry['score'] == heldout['triplet_photometric']
    assert heldout['triplet_planar'] > 0
    assert len(list(cache.rglob('superpixels-*/*.png'))) >= 4
    depth_net, _ = load_depth_net(tmp_path / 'run' / 'best.safetensors')
    assert depth_net.config.upsampling == 'res_p'


def _faces(depth, camera) -> torch.Tensor:
    """Give a number to each side of the room that a camera at its origin sees."""
    v, u = np.indices(depth.shape)
    X = depth[..., None] * (np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(camera).T)
    faces = np.stack([X[..., 2] / ROOM[2], *(sign * X[..., axis] / ROOM[axis]
                                             for axis in (0, 1) for sign in (-1, 1))])
    return torch.from_numpy(1 + faces.argmax(0).astype(np.int32))[None]


def test_depth_is_learned_from_five_images() -> None:
    torch.manual_seed(0)
    size, camera = (64, 96), np.array([[48.0, 0, 47.5], [0, 48.0, 31.5], [0, 0, 1]])
    places = [0.0, -0.4, -0.2, 0.2, 0.4]
    poses = np.tile(np.eye(4), (5, 1, 1))
    poses[:, 0, 3], poses[:, 2, 3] = places, 0.3 * np.array(places)
    views = [photograph(pose, camera, size) for pose in poses]
    truth = views[0][1]
    images = torch.stack([torch.from_numpy(rgb).permute(2, 0, 1) / 255.0 for rgb, _ in views])
    gray = (views[0][0] @ [0.299, 0.587, 0.114]).astype(np.uint8)
    points = select_keypoints(gray, np.ones(size, bool), KeypointConfig(count=600, total=900),
                              np.random.default_rng(0))
    batch = {'images': images[None], 'inputs': images[None], 'seen': torch.ones(1, 1, *size),
             'K': torch.from_numpy(camera).float()[None],
             'earlier': torch.tensor([[True, True, False, False]]),
             'origins': torch.tensor([[2, 0, 0, 3]]), 'keypoints': torch.from_numpy(points)[None],
             'superpixels': _faces(truth, camera)}
    depth_net = DepthNet(replace(SMALL.network, upsampling='res_b',
                                 decoder_channels=(8, 16, 32, 48, 64)))
    motion_net = MotionNet(MotionConfig(refinement=RefinementConfig(enabled=False)))
    model = SelfSupervisedModel(depth_net, motion_net, LOSSES)
    losses = photometric_by_heart(model, batch)
    assert np.mean(losses[-5:]) < 0.3 * losses[0]
    with torch.no_grad():
        depth = depth_net(images[:1])
    errors = [depth_metrics(found, truth)['scaled_abs_rel']
              for found in (depth[0, 0].numpy(), np.ones_like(truth))]
    # Much nearer to the room than one depth everywhere.
    assert errors[0] < 0.6 * errors[1]

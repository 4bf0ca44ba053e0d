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

"""SA4Depth trains: on images alone, of one camera or several, and both networks agree."""

from dataclasses import replace

from learning import photometric_by_heart
import numpy as np
import pytest
from rendered_pair import photograph
from sa4depth_ros.errors import BagError
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net, load_motion_net
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.config import OptimizerConfig, TrainConfig
from sa4depth_train.data_config import AugmentationConfig, DataConfig, TripletConfig
from sa4depth_train.metrics import depth_metrics
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.recipes.self_supervised import SelfSupervisedRecipe
from sa4depth_train.run_folder import create_run
from sa4depth_train.self_supervised_model import SelfSupervisedModel
from sa4depth_train.trainer import Trainer
import torch
from walk_bag import HEIGHT, K, walk_poses, WIDTH, write_walk

GENTLE = AugmentationConfig(min_zoom=1.0, max_zoom=1.1, shift=0.0, roll=0.0, exposure=1.1,
                            gamma=1.0, white_balance=1.0, saturation=1.0, noise=0.0)
SMALL = TrainConfig(
    name='walk', recipe='sa4depth', epochs=1, batch_size=2, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=64, input_width=96, canonical_focal=70.0,
                           decoder_channels=(8, 8, 16, 16, 32)),
    motion=MotionConfig(refinement=RefinementConfig(points=128)), augmentation=GENTLE,
    triplets=TripletConfig(min_flow=0.001, min_parallax=0.0, max_flow=0.5),
    data=DataConfig(holdout=0.3),
    optimizer=OptimizerConfig(lr=5e-4, encoder_lr=1.0, freeze_encoder_norm=False))


def _photo(pose):
    return photograph(pose, K, (HEIGHT, WIDTH))


def test_depth_and_motion_are_learned_from_three_images() -> None:
    torch.manual_seed(0)
    size, camera = (96, 128), np.array([[95.0, 0, 63.5], [0, 95.0, 47.5], [0, 0, 1]])
    places = [0.0, -0.25, 0.25]
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, 0, 3], poses[:, 2, 3] = places, 0.3 * np.array(places)
    views = [photograph(pose, camera, size) for pose in poses]
    images = torch.stack([torch.from_numpy(rgb).permute(2, 0, 1) / 255.0 for rgb, _ in views])
    batch = {'images': images[None], 'inputs': images[None], 'seen': torch.ones(1, 1, *size),
             'K': torch.from_numpy(camera).float()[None], 'earlier': torch.tensor([[True, False]])}
    depth_net = DepthNet(DepthNetConfig(input_height=96, input_width=128, canonical_focal=0.0))
    motion_net = MotionNet(MotionConfig(refinement=RefinementConfig(points=256)))
    model = SelfSupervisedModel(depth_net, motion_net, PhotometricConfig(smoothness=1e-2))
    losses = photometric_by_heart(model, batch)
    assert np.mean(losses[-5:]) < 0.4 * losses[0]
    with torch.no_grad():
        depth = depth_net(images[:1])
        levels = [motion_net.features(image[None]) for image in images[:2]]
        T = motion_net.initial_pose(images[:1], images[1:2], torch.tensor([True]))
        refined = motion_net.refine(T, depth, images[:1], *levels, batch['K'])
    measured = depth_metrics(depth[0, 0].numpy(), views[0][1])
    assert measured['scaled_abs_rel'] < 0.25
    assert not refined.failed.any()
    # The camera moved 0.25 m; in the unit of the predicted depth that is what motion says.
    length = refined.T_target2source[0, :3, 3].norm().item() * measured['median_scale']
    assert length == pytest.approx(0.25 * np.hypot(1, 0.3), rel=0.3)


def test_a_run_leaves_both_networks_and_says_what_it_left_out(walk, tmp_path, capsys) -> None:
    run = create_run(tmp_path / 'run', SMALL, [walk])
    assert Trainer(run).run()
    shown = capsys.readouterr().out
    assert 'train walk: 6 of 8 frames are targets; left out: 2 end' in shown
    depth_net, card = load_depth_net(run.best)
    assert card.output == 'relative_depth'
    assert card.metrics['walk']['frames'] == 4
    assert depth_net.config.canonical_focal == 70.0
    motion_net = load_motion_net(run.best)
    assert motion_net.config.refinement.points == 128
    assert torch.isfinite(torch.stack([p.sum() for p in motion_net.parameters()])).all()


def test_no_label_is_needed_and_none_chooses(tmp_path) -> None:
    poses = walk_poses(10)
    bag = write_walk(tmp_path / 'bare', frames=10, depth=False, odometry=False,
                     pictures=[_photo(pose) for pose in poses])
    run = create_run(tmp_path / 'run', SMALL, [bag])
    trainer = Trainer(run)
    assert trainer.run()
    heldout = trainer.history[0]['heldout']['bare']
    assert trainer.history[0]['score'] == heldout['triplet_photometric']
    assert 'abs_rel' not in heldout


def test_several_cameras_in_one_run(walk, tmp_path, monkeypatch) -> None:
    import walk_bag
    other = K.copy()
    other[0, 0], other[1, 1], other[0, 2] = 140.0, 140.0, 55.0
    pictures = [photograph(pose, other, (HEIGHT, WIDTH), seed=1) for pose in walk_poses(10)]
    monkeypatch.setattr(walk_bag, 'K', other)
    second = write_walk(tmp_path / 'other', frames=10, pictures=pictures)
    run = create_run(tmp_path / 'run', replace(SMALL, augmentation=replace(GENTLE, max_zoom=1.0)),
                     [walk, second])
    recipe = SelfSupervisedRecipe(run, torch.device('cpu'))
    focals = {round(float(recipe.dataset[i]['K'][0, 0]), 2) for i in range(len(recipe.dataset))}
    # 120 pixels wide become 96: each camera keeps its own K.
    assert focals == {round(90 * 0.8, 2), round(140 * 0.8, 2)}
    assert Trainer(run).run()


def test_a_camera_that_stands_still_is_no_training_data(tmp_path) -> None:
    still = write_walk(tmp_path / 'still', frames=8, pictures=[_photo(np.eye(4))] * 8)
    run = create_run(tmp_path / 'run', SMALL, [still])
    with pytest.raises(BagError, match=r'no frame is left to train on: still: 0 of 6 frames are '
                                       r'targets; left out: .*static'):
        SelfSupervisedRecipe(run, torch.device('cpu'))


def test_refinement_begins_when_it_is_asked_for(walk, tmp_path) -> None:
    config = replace(SMALL, epochs=2, photometric=PhotometricConfig(refine_from_epoch=1))
    trainer = Trainer(create_run(tmp_path / 'run', config, [walk]))
    assert trainer.run()
    assert ['refined' in entry['losses'] for entry in trainer.history] == [False, True]
    assert ['triplet_refined' in entry['heldout']['walk'] for entry in trainer.history] == [
        False, True]
    off = replace(SMALL.motion, refinement=RefinementConfig(enabled=False))
    plain = replace(SMALL, motion=off)
    trainer = Trainer(create_run(tmp_path / 'plain', plain, [walk]))
    assert trainer.run()
    assert 'refined' not in trainer.history[0]['losses']
    # Its motion network still loads, refinement switched off.
    assert not load_motion_net(tmp_path / 'plain/best.safetensors').config.refinement.enabled


def test_coarse_levels_learn_from_the_last_one(walk, tmp_path) -> None:
    taught = {}
    for weight in (0.0, 1.0):
        config = replace(SMALL, photometric=PhotometricConfig(distill_levels=weight))
        run = create_run(tmp_path / f'run{weight}', config, [walk])
        recipe = SelfSupervisedRecipe(run, torch.device('cpu'))
        batch = torch.utils.data.default_collate([recipe.dataset[i] for i in range(2)])
        recipe.model.train()(batch)['loss'].backward()
        motion = recipe.model.motion_net
        coarse = [motion.feature_net.heads[0][-1].weight, motion.refinement.levels[0].log_lambda]
        taught[weight] = [p.grad is not None and bool(p.grad.any()) for p in coarse]
    assert taught == {0.0: [False, False], 1.0: [True, True]}


def test_training_goes_on_from_a_checkpoint_with_motion(walk, tmp_path) -> None:
    first = create_run(tmp_path / 'first', SMALL, [walk])
    assert Trainer(first).run()
    again = replace(SMALL, initial_weights=str(first.last))
    recipe = SelfSupervisedRecipe(create_run(tmp_path / 'second', again, [walk]),
                                  torch.device('cpu'))
    saved = load_motion_net(first.last).state_dict()
    for name, value in recipe.model.motion_net.state_dict().items():
        assert torch.equal(value, saved[name]), name

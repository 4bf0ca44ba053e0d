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

"""The metres between frames by odometry, and the depth that learns its scale of them."""

from dataclasses import replace

from learning import photometric_by_heart
import numpy as np
import pytest
from rendered_pair import photograph
from robot_bag import drive, write_robot_bag
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import load_depth_net
from sa4depth_ros.networks.feature_net import FeatureNetConfig
from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
from sa4depth_ros.networks.pose_net import PoseNetConfig
from sa4depth_ros.networks.pose_refinement import RefinementConfig
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.camera_travel import CameraTravel
from sa4depth_train.config import TrainConfig
from sa4depth_train.data_config import DataConfig, TripletConfig
from sa4depth_train.metrics import depth_metrics
from sa4depth_train.odometry_loss import odometry_error
from sa4depth_train.photometric import PhotometricConfig
from sa4depth_train.run_folder import create_run
from sa4depth_train.self_supervised_model import SelfSupervisedModel
from sa4depth_train.trainer import Trainer
from sa4depth_train.triplet_dataset import TripletDataset
from sa4depth_train.triplets import Triplet
import torch
from walk_bag import STEP, write_walk

SIZE = (96, 64)
TINY = TrainConfig(
    recipe='sa4depth', epochs=1, batch_size=2, threads=1, initial_weights='random',
    network=DepthNetConfig(input_height=64, input_width=96, canonical_focal=70.0,
                           decoder_channels=(8, 8, 8, 8, 8)),
    motion=MotionConfig(PoseNetConfig(channels=8), FeatureNetConfig(channels=8, width=8),
                        RefinementConfig(points=64, iterations=2)),
    triplets=TripletConfig(min_flow=0.001, min_parallax=0.0, max_flow=0.5),
    data=DataConfig(holdout=0.3), photometric=PhotometricConfig(odometry=0.1))


def _motions(*lengths: float) -> torch.Tensor:
    T = torch.eye(4).repeat(len(lengths), 1, 1)
    T[:, 0, 3] = torch.tensor(lengths)
    return T.requires_grad_()


def test_the_error_is_the_mean_log_ratio_of_the_lengths() -> None:
    depth, seen = torch.ones(2, 1, 4, 6, requires_grad=True), torch.ones(2, 1, 4, 6)
    # The pairs: first source of both samples, second source of both; one unknown, one failed.
    T, usable = _motions(0.2, 0.3, 0.1, 0.9), torch.tensor([True, True, True, False])
    metres = torch.tensor([[0.1, 0.2], [0.0, 0.3]])
    error = odometry_error(depth, T, metres, usable, seen)
    assert error.item() == pytest.approx((np.log(2) + np.log(2)) / 2, abs=1e-6)


def test_the_gradient_moves_the_scale_of_each_frame_and_not_its_shape() -> None:
    depth, seen = (1 + torch.rand(2, 1, 4, 6)).requires_grad_(), torch.ones(2, 1, 4, 6)
    seen[..., :2] = 0
    T = _motions(0.2, 0.05)
    error = odometry_error(depth, T, torch.tensor([[0.1], [0.1]]), torch.ones(2).bool(), seen)
    error.backward()
    assert T.grad is None
    # Of log depth: the same everywhere; the first frame has to shrink, the second to grow.
    slope = (depth.grad * depth).detach()
    assert torch.allclose(slope[0], seen[0] / (2 * 16), atol=1e-7)
    assert torch.allclose(slope[1], -seen[1] / (2 * 16), atol=1e-7)


def test_without_a_known_length_nothing_is_learned() -> None:
    depth = torch.ones(1, 1, 4, 6, requires_grad=True)
    error = odometry_error(depth, _motions(0.0, 0.1), torch.tensor([[0.1, 0.0]]),
                           torch.ones(2).bool(), torch.ones(1, 1, 4, 6))
    error.backward()
    assert error.item() == 0
    assert not depth.grad.any()


def test_depth_of_a_wrong_scale_becomes_metres() -> None:
    torch.manual_seed(0)
    size, camera = (64, 96), np.array([[70.0, 0, 47.5], [0, 70.0, 31.5], [0, 0, 1]])
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, 0, 3], poses[:, 2, 3] = [0.0, -0.25, 0.25], [0.0, -0.075, 0.075]
    views = [photograph(pose, camera, size) for pose in poses]
    images = torch.stack([torch.from_numpy(rgb).permute(2, 0, 1) / 255.0 for rgb, _ in views])
    batch = {'images': images[None], 'inputs': images[None], 'seen': torch.ones(1, 1, *size),
             'K': torch.from_numpy(camera).float()[None],
             'earlier': torch.tensor([[True, False]]),
             'metres': torch.full((1, 2), 0.25 * np.hypot(1, 0.3))}
    depth_net = DepthNet(DepthNetConfig(input_height=64, input_width=96, canonical_focal=0.0))
    with torch.no_grad():
        depth_net.head.bias += 1.0
    model = SelfSupervisedModel(
        depth_net, MotionNet(MotionConfig(refinement=RefinementConfig(points=128))),
        PhotometricConfig(smoothness=1e-2, odometry=1.0))

    def scale() -> float:
        with torch.no_grad():
            depth = depth_net(images[:1])[0, 0].numpy()
        return depth_metrics(depth, views[0][1])['median_scale']

    start = scale()
    photometric_by_heart(model, batch)
    assert abs(np.log(start)) > 0.3
    assert scale() == pytest.approx(1, abs=0.1)


def test_metres_between_the_frames_of_a_bag(tmp_path) -> None:
    frames = BagFrames([write_walk(tmp_path / 'walk')], DataConfig(), SIZE)
    travel = CameraTravel(frames, 0.03)
    assert travel(0, 1) == travel(1, 0) == pytest.approx(STEP)
    assert 1.9 * STEP < travel(1, 3) < 2 * STEP
    assert travel(2, 2) == 0
    sample = TripletDataset(frames, [Triplet(1, (0, 3))], SIZE, travel=travel)[0]
    assert sample['metres'].tolist() == pytest.approx([STEP, travel(1, 3)])
    assert 'metres' not in TripletDataset(frames, [Triplet(1, (0, 3))], SIZE)[0]


def test_odometry_of_the_body_is_carried_to_the_camera(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'robot', frames=12)
    travel = CameraTravel(BagFrames([bag.path], DataConfig(), SIZE, need='nothing'), 0.03)
    moved = np.linalg.norm(drive(9)[:3, 3] - drive(1)[:3, 3])
    assert travel(1, 9) == pytest.approx(moved, rel=1e-6)


def test_odometry_of_a_frame_that_nothing_connects_is_refused(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'robot', frames=4, has=('odometry',))
    frames = BagFrames([bag.path], DataConfig(), SIZE, need='nothing')
    with pytest.raises(BagError, match="transform between.*'base_link'.*connects: none"):
        CameraTravel(frames, 0.03)


def test_metres_by_odometry_make_the_card_metric(walk, tmp_path) -> None:
    run = create_run(tmp_path / 'run', TINY, [walk])
    trainer = Trainer(run)
    assert trainer.run()
    assert any('the metres between' in note for note in trainer._recipe.notes)
    assert trainer.history[0]['losses']['odometry'] > 0
    assert trainer.history[0]['heldout']['walk']['triplet_odometry'] > 0
    assert load_depth_net(run.last)[1].output == 'metric_depth'
    # Of two epochs whose images agree alike the one with the right lengths is the better one.
    measured = {'triplet_photometric': 0.05, 'triplet_odometry': 0.3}
    assert trainer._recipe.score({'walk': measured}) == pytest.approx(0.05 + 0.1 * 0.3)


def test_a_bag_without_odometry_is_refused(tmp_path) -> None:
    bag = write_walk(tmp_path / 'still', odometry=False)
    travel = CameraTravel(BagFrames([bag], DataConfig(), SIZE), 0.03)
    assert travel(0, 1) == 0
    with pytest.raises(BagError, match='photometric.odometry needs.*2 pairs.*none has moved'):
        travel.check([(0, 1), (1, 2)])


def test_two_holders_of_the_scale_are_refused() -> None:
    with pytest.raises(ConfigError, match='both hold the scale: set one of them to 0'):
        replace(PhotometricConfig(odometry=0.1), anchor_scale=0.5)

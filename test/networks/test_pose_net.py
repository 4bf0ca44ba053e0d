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

"""PoseNet: what its six numbers mean, and that the transform is rigid."""

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.efficientnet_lite import EfficientNetLite
from sa4depth_ros.networks.pose_net import PoseNet, PoseNetConfig
import torch


@pytest.fixture(scope='module')
def network() -> PoseNet:
    torch.manual_seed(0)
    return PoseNet(PoseNetConfig(channels=16)).eval()


def _images(seed: int) -> torch.Tensor:
    return torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize('half', [False, True])
def test_the_six_numbers_are_axis_angle_and_translation_times_a_hundredth(network, half) -> None:
    last = network.head[-1]
    kept = {name: value.clone() for name, value in last.state_dict().items()}
    numbers = torch.tensor([30.0, -20.0, 70.0, 5.0, 6.0, -7.0])
    torch.nn.init.zeros_(last.weight)
    last.bias.data.copy_(numbers)
    with torch.autocast('cpu', torch.bfloat16, enabled=half):
        T_first2second = network(_images(0), _images(1))
    last.load_state_dict(kept)
    x, y, z = (0.01 * numbers[:3]).double()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    expected = torch.eye(4)
    expected[:3, :3] = torch.matrix_exp(cross).float()
    expected[:3, 3] = 0.01 * numbers[3:]
    torch.testing.assert_close(T_first2second, expected.expand(2, 4, 4))


def test_the_transform_is_rigid(network) -> None:
    T_first2second = network(_images(0), _images(1))
    rotation = T_first2second[:, :3, :3]
    torch.testing.assert_close(rotation @ rotation.mT, torch.eye(3).expand(2, 3, 3))
    assert (torch.linalg.det(rotation) > 0).all()
    assert torch.equal(T_first2second[:, 3], torch.tensor([[0.0, 0, 0, 1]]).expand(2, 4))


def test_the_order_of_the_frames_matters() -> None:
    torch.manual_seed(0)
    # Untrained weights let the images through with the batch's own statistics only.
    network = PoseNet(PoseNetConfig(channels=16)).train()
    first, second = _images(0), _images(1)
    assert (network(first, second) - network(second, first)).abs().max() > 1e-5


def test_every_weight_learns() -> None:
    torch.manual_seed(0)
    network = PoseNet(PoseNetConfig(channels=16))
    network(_images(0), _images(1))[:, :3].square().sum().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []


def test_pretrained_weights_see_one_image_twice() -> None:
    one, two = EfficientNetLite().eval(), EfficientNetLite(images=2).eval()
    one.load_pretrained()
    two.load_pretrained()
    image = _images(0)
    for single, double in zip(one(image), two(torch.cat((image, image), dim=1))):
        torch.testing.assert_close(single, double, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(('values', 'message'), [
    ({'channels': 0}, 'motion.pose.channels must be positive'),
    ({'encoder': 'vgg'}, "motion.pose.encoder 'vgg' is unknown"),
    ({'encoder': 'hf:x', 'encoder_config': '[1]'}, 'motion.pose.encoder_config must be empty or'),
    ({'encoder_config': '{"model_type": "resnet"}'}, 'leave it empty for efficientnet_lite0'),
])
def test_impossible_settings_are_refused(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        PoseNetConfig(**values)

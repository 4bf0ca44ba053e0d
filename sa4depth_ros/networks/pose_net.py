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

"""The motion between two images, learned."""

from dataclasses import dataclass

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.geometry.lie import rigid, so3_exp
from sa4depth_ros.networks.encoders import build_encoder, check_encoder, resolve_encoders
import torch
from torch import nn, Tensor

# Networks start near no motion; method.md 0.
_OUTPUT_SCALE = 0.01


@dataclass(frozen=True)
class PoseNetConfig:
    """
    What is needed to build a PoseNet.

    ``encoder`` and ``encoder_config`` are those of DepthNetConfig. ``channels`` is the width
    of the three layers between encoder and output. ``by_inverse_depth``: in training on images
    alone, translation is multiplied by the mean inverse depth of the target frame, as in
    SPIdepth; such a PoseNet needs depth and cannot be exported. Raises ConfigError for
    impossible values.
    """

    encoder: str = 'efficientnet_lite0'
    encoder_config: str = ''
    channels: int = 128
    by_inverse_depth: bool = False

    def __post_init__(self) -> None:
        check_encoder(self.encoder, self.encoder_config, 'motion.pose.encoder')
        if self.channels < 1:
            raise ConfigError(f'motion.pose.channels must be positive, got {self.channels}')


class PoseNet(nn.Module):
    """
    Encoder of two stacked images, 1x1 and two 3x3 convolutions, 1x1 to six, spatial mean.

    The six numbers are 0.01 times axis-angle (rad) and translation in the network's own unit
    of length (method.md 0 and 2).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: PoseNetConfig) -> None:
        super().__init__()
        self.config = config = resolve_encoders(config)
        self.encoder = build_encoder(config.encoder, config=config.encoder_config, images=2)
        width = config.channels
        self.head = nn.Sequential(
            nn.Conv2d(self.encoder.channels[-1], width, 1), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True),
            nn.Conv2d(width, 6, 1))
        for name in ('mean', 'std'):
            values = torch.tensor(getattr(self.encoder, name)).view(1, 3, 1, 1)
            self.register_buffer(name, values, persistent=False)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """
        Give T_first2second (N, 4, 4) float32 of two images (N, 3, H, W), RGB in [0, 1].

        ``first`` is the earlier frame; sides must be multiples of the encoder's last stride.
        """
        images = [(image - self.mean) / self.std for image in (first, second)]
        features = self.encoder(torch.cat(images, dim=1))[-1]
        # Half precision would round the angles of small motions away.
        motion = _OUTPUT_SCALE * self.head(features).float().mean(dim=(2, 3))
        with torch.autocast(motion.device.type, enabled=False):
            return rigid(so3_exp(motion[:, :3]), motion[:, 3:])

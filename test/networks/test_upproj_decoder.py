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

"""The residual upsampling decoder against plain NumPy written from the paper."""

from dataclasses import asdict
import json

import numpy as np
import onnx
import onnxruntime
import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
from sa4depth_ros.networks.factory import DeployedDepth, load_depth_net, save_checkpoint
from sa4depth_ros.networks.upproj_decoder import UpprojDecoder, UPSAMPLINGS
from sa4depth_train.edge_images import edge_images
from sa4depth_train.tracing import trace_network
from safetensors.torch import load_file, save_file
import torch
from torch import nn

CARD = ModelCard(name='small', input_height=32, input_width=64)


def _config(upsampling, **values) -> DepthNetConfig:
    return DepthNetConfig(input_height=32, input_width=64, decoder='upproj',
                          upsampling=upsampling, decoder_channels=(4, 8, 8, 8, 16), **values)


def _randomised(module: nn.Module) -> nn.Module:
    """Give batch norms something to do: those of a new network change nothing."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, 0.2, 1.0)
            nn.init.normal_(part.running_mean)
            nn.init.uniform_(part.running_var, 0.5, 2.0)
    return module.double().eval()


def _conv(x, weight):
    """3x3 convolution of (C, H, W) with (O, C, 3, 3), zeros around."""
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    return np.array([[[(wide[:, v:v + 3, u:u + 3] * kernel).sum() for u in range(x.shape[2])]
                      for v in range(x.shape[1])] for kernel in weight])


def _conv_bn(x, conv, norm):
    values = {key: value.numpy()[:, None, None] for key, value in norm.state_dict().items()
              if value.ndim}
    y = _conv(x, conv.weight.detach().numpy())
    return ((y - values['running_mean']) / np.sqrt(values['running_var'] + norm.eps)
            * values['weight'] + values['bias'])


def _nearest(x, _):
    return np.array([[[plane[v // 2, u // 2] for u in range(2 * x.shape[2])]
                      for v in range(2 * x.shape[1])] for plane in x])


def _transposed(x, up):
    """Follow the paper: flip the kernel, zeros between, zeros around, convolve."""
    weight = up.weight.detach().numpy().transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]
    channels, height, width = x.shape
    between = np.zeros((channels, 2 * height - 1, 2 * width - 1))
    between[:, ::2, ::2] = x
    around = np.pad(between, ((0, 0), (1, 2), (1, 2)))
    return np.array([[[(around[:, v:v + 3, u:u + 3] * kernel).sum() for u in range(2 * width)]
                      for v in range(2 * height)] for kernel in weight])


def _bilinear(x, _):
    """Equations (2) to (4): between Q11 and Q21, Q12 and Q22 along x, then along y."""
    channels, height, width = x.shape
    result = np.zeros((channels, 2 * height, 2 * width))
    for v, u in np.ndindex(2 * height, 2 * width):
        py, px = (min(max((place + 0.5) / 2 - 0.5, 0), side - 1)
                  for place, side in ((v, height), (u, width)))
        y1, x1 = min(int(py), height - 2), min(int(px), width - 2)
        R1, R2 = ((x1 + 1 - px) * x[:, y, x1] + (px - x1) * x[:, y, x1 + 1]
                  for y in (y1, y1 + 1))
        result[:, v, u] = (y1 + 1 - py) * R1 + (py - y1) * R2
    return result


def _shuffled(x, up):
    """Each pixel of four channels in turn becomes a block of 2x2 pixels."""
    maps = _conv(x, up[0].weight.detach().numpy())
    return np.array([[[maps[4 * c + 2 * (v % 2) + u % 2, v // 2, u // 2]
                       for u in range(2 * x.shape[2])] for v in range(2 * x.shape[1])]
                     for c in range(len(x))])


UP = {'nearest': _nearest, 'res_t': _transposed, 'res_b': _bilinear, 'res_p': _shuffled}


def _expected(block, x, skip, upsampling):
    z = UP[upsampling](x, block.up)
    if skip is not None:
        z = np.concatenate([z, skip])
    conv1, norm1, _, conv2, norm2 = block.main
    y = _conv_bn(np.maximum(_conv_bn(z, conv1, norm1), 0), conv2, norm2)
    if upsampling != 'nearest':
        y = y + _conv_bn(z, *block.side)
    return np.maximum(y, 0)


@pytest.mark.parametrize('with_stride_2', [True, False])
@pytest.mark.parametrize('upsampling', UPSAMPLINGS)
def test_blocks_are_those_of_the_paper(upsampling, with_stride_2) -> None:
    torch.manual_seed(0)
    channels = [2, 1, 2, 1, 3] if with_stride_2 else [1, 2, 1, 3]
    decoder = _randomised(UpprojDecoder(channels, (2, 1, 2, 3, 2), upsampling))
    # Bilinear weights need two rows: the coarsest map is 2x2, stride 1 has 64x64.
    maps = [torch.randn(1, c, 2 ** k, 2 ** k, dtype=torch.float64)
            for c, k in zip(channels, range(len(channels), 0, -1))]
    with torch.inference_mode():
        levels = decoder.levels(maps)
        found = decoder(maps)[0].numpy()
    assert tuple(level.shape[1] for level in levels) == decoder.level_channels
    skips = [m[0].numpy() for m in reversed(maps[:-1])]
    x = maps[-1][0].numpy()
    for block, skip in zip(decoder.blocks, [*skips, *[None] * (6 - len(channels))]):
        x = _expected(block, x, skip, upsampling)
    assert found.shape == (2, 64, 64)
    np.testing.assert_allclose(found, x, atol=1e-9)
    assert np.ptp(found) > 0.1


def test_pixel_shuffle_starts_without_checkerboard() -> None:
    torch.manual_seed(0)
    up = UpprojDecoder([4, 4], (2, 2), 'res_p').blocks[0].up
    with torch.inference_mode():
        found = up(torch.randn(1, 4, 6, 8))
    corner = found[..., ::2, ::2]
    assert corner.std() > 0.1
    for v, u in ((0, 1), (1, 0), (1, 1)):
        torch.testing.assert_close(found[..., v::2, u::2], corner)


@pytest.mark.parametrize('upsampling', UPSAMPLINGS)
def test_depth_has_the_size_of_the_image_and_teaches_all_weights(upsampling) -> None:
    torch.manual_seed(0)
    network = DepthNet(_config(upsampling))
    depth = network(torch.rand(2, 3, 32, 64))
    assert depth.shape == (2, 1, 32, 64)
    depth.log().square().mean().backward()
    still = [name for name, value in network.named_parameters()
             if value.grad is None or not value.grad.any()]
    assert not still


@pytest.mark.parametrize('upsampling', UPSAMPLINGS)
def test_onnx_and_checkpoint_give_the_same_depth(upsampling, tmp_path) -> None:
    torch.manual_seed(0)
    network = DepthNet(_config(upsampling)).eval()
    nn.init.normal_(network.head.weight, std=3.0)
    save_checkpoint(tmp_path / 'net.safetensors', network, CARD)
    loaded, _ = load_depth_net(tmp_path / 'net.safetensors')
    assert loaded.config == network.config
    model = trace_network(DeployedDepth(loaded.eval()), CARD)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider'])
    images = np.stack(edge_images(32, 64))
    (found,) = session.run(None, {'image': images})
    with torch.inference_mode():
        expected = DeployedDepth(network)(torch.from_numpy(images)).numpy()
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize(('values', 'message'), [
    ({'decoder': 'fpn'}, "network.decoder 'fpn' is unknown; choose unet or upproj"),
    ({'upsampling': 'res_b'}, "for network.decoder=upproj, got 'res_b' for unet"),
    ({'decoder': 'upproj'}, "upsampling of nearest, res_t, res_b, res_p, got ''"),
    ({'decoder': 'upproj', 'upsampling': 'cubic'}, "got 'cubic'")])
def test_impossible_decoders_are_refused(values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        DepthNetConfig(**values)


def test_weights_of_another_upsampling_are_refused(tmp_path) -> None:
    path = tmp_path / 'net.safetensors'
    save_checkpoint(path, DepthNet(_config('res_p')), CARD)
    header = CARD.to_metadata() | {'network': json.dumps(asdict(_config('res_t')))}
    save_file(load_file(path), path, metadata=header)
    with pytest.raises(ModelError, match=r'decoder\.blocks\.0\.up\.weight'):
        load_depth_net(path)

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

"""Networks of the other systems, exported, in a real depth node: the metres of torch."""

from backbones import tiny_encoder
import numpy as np
import pytest
from sa4depth_ros.networks.factory import build_network, save_checkpoint
from sa4depth_train.export import export_checkpoint
from sensor_msgs.msg import Image
from shipped_walk import frames
from small_heads import CARD, small_config
import torch

HEIGHT, WIDTH = CARD.input_height, CARD.input_width
VARIANTS = {
    **{name: {} for name in ('self_query', 'metric_bins', 'ada_bins')},
    'upproj': {'decoder': 'upproj', 'upsampling': 'res_p'}}


@pytest.fixture(scope='module')
def encoder(tmp_path_factory) -> str:
    """Name an encoder that is traced in little time."""
    return tiny_encoder(tmp_path_factory.mktemp('encoder'))


@pytest.fixture(scope='module')
def picture():
    """Give a frame of the shipped recording (H, W, 3), on the pixels of the networks."""
    rgb = frames(1)[0][0].rgb
    rows, columns = (np.linspace(0, size - 1, count).astype(int)
                     for size, count in zip(rgb.shape, (HEIGHT, WIDTH)))
    return np.ascontiguousarray(rgb[rows][:, columns])


def _varied(config, picture):
    """Build a network whose depth differs from pixel to pixel, which a fresh one's hardly does."""
    torch.manual_seed(0)
    network = build_network(config).train()
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
    with torch.no_grad():
        # The norms of a new network change nothing, so the signal dies away; now they know it.
        network(picture)
        for key, weight in network.head.named_parameters():
            if weight.ndim > 1 and 'relative' not in key:
                weight.mul_(3.0)
    return network.eval()


@pytest.mark.parametrize('name', VARIANTS)
def test_the_node_publishes_the_metres_of_torch(
        start_bench, make_info, tmp_path, encoder, picture, name) -> None:
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None] / 255
    network = _varied(small_config(name, encoder=encoder, **VARIANTS[name]), pixels)
    model = tmp_path / f'{name}.onnx'
    save_checkpoint(model.with_suffix('.safetensors'), network, CARD)
    export_checkpoint(model.with_suffix('.safetensors'), model)
    bench = start_bench(arguments=(
        '-p', f'model:={model}', '-p', 'backend:=onnxruntime', '-p', 'threads:=1'))
    image = Image(width=WIDTH, height=HEIGHT, encoding='rgb8', step=3 * WIDTH)
    image.data.frombytes(picture.tobytes())
    info = make_info(WIDTH, HEIGHT)
    # A first image may come before its camera_info, without which there are no metres yet.
    answer, _ = bench.exchange(image, info, topics=('depth/image', 'depth/camera_info'))
    assert (answer.encoding, answer.width, answer.height) == ('32FC1', WIDTH, HEIGHT)
    assert answer.header.frame_id == 'camera_optical'
    found = np.frombuffer(answer.data, '<f4').reshape(HEIGHT, WIDTH)
    with torch.inference_mode():
        output = network(pixels)[0, 0].numpy()
    np.testing.assert_allclose(found, output * info.k[0] / CARD.canonical_focal, rtol=1e-4)
    assert np.isfinite(found).all() and found.min() > 0
    assert found.std() > 0.1 * found.mean()
    bench.close()

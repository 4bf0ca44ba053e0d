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

"""Parity is measured on what the node would see, and nothing hides in it."""

import numpy as np
import onnx
from onnx import helper, TensorProto
import pytest
from sa4depth_ros.runtime.preprocess import FrameGeometry
from sa4depth_train.parity import measure_parity, Parity
import torch
from torch import nn

HEIGHT, WIDTH = 32, 48
# The picture is half as wide as the network input.
GEOMETRY = FrameGeometry((24, 32), (WIDTH, HEIGHT), None)


class _Grey(nn.Module):
    """Depth of 1 plus the mean of the channels."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.float().mean(dim=3)[:, None] + 1


def _model(path, factors):
    """Write the same network with a factor for each column."""
    nodes = [helper.make_node('Cast', ['image'], ['x'], to=TensorProto.FLOAT),
             helper.make_node('ReduceMean', ['x', 'last'], ['grey'], keepdims=0),
             helper.make_node('Unsqueeze', ['grey', 'first'], ['map']),
             helper.make_node('Add', ['map', 'one'], ['sum']),
             helper.make_node('Mul', ['sum', 'factors'], ['depth'])]
    constants = {'last': np.array([3]), 'first': np.array([1]), 'one': np.float32(1),
                 'factors': np.asarray(factors, np.float32)}
    graph = helper.make_graph(
        nodes, 'grey',
        [helper.make_tensor_value_info('image', TensorProto.UINT8, [1, HEIGHT, WIDTH, 3])],
        [helper.make_tensor_value_info('depth', TensorProto.FLOAT, [1, 1, HEIGHT, WIDTH])],
        [onnx.numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    onnx.save(helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 18)], ir_version=9), path)
    return path


def _frames():
    rng = np.random.default_rng(0)
    return [(rng.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8), GEOMETRY)
            for _ in range(2)]


def test_figures_are_those_of_their_definition(tmp_path) -> None:
    # 10 % off in the picture, which lies in the middle; twice as far in half of its letterbox.
    factors = np.ones(WIDTH)
    factors[12:36] = 1.1
    factors[:12] = 2
    parity = measure_parity(_Grey(), _model(tmp_path / 'm.onnx', factors), _frames())
    assert parity.largest == pytest.approx(1.0, rel=1e-5)
    assert parity.mean == pytest.approx((24 * 0.1 + 12) / 48, rel=1e-5)
    assert parity.abs_rel == pytest.approx(0.1, rel=1e-5)
    assert parity.edge == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize('wrong', [np.nan, np.inf])
def test_what_is_no_number_is_beyond_every_bound(tmp_path, wrong) -> None:
    factors = np.ones(WIDTH)
    factors[20] = wrong
    parity = measure_parity(_Grey(), _model(tmp_path / 'm.onnx', factors), _frames())
    wide = Parity(largest=1e9, mean=1e9, abs_rel=1e9, edge=1e9)
    assert any('mean' in text for text in parity.beyond(wide))
    assert any('made-up' in text for text in parity.beyond(wide))


def test_only_what_is_beyond_is_named() -> None:
    found = Parity(largest=0.5, mean=0.02, abs_rel=0.01, edge=3.0)
    assert found.beyond(Parity(largest=0.5, mean=0.02, abs_rel=0.01, edge=3.0)) == []
    assert found.beyond(Parity(largest=0.4, mean=0.1, abs_rel=0.001, edge=3.0)) == [
        'largest relative depth error 0.5 (bound 0.4)', 'AbsRel 0.01 (bound 0.001)']
    assert str(found) == 'largest relative depth error 0.5, mean 0.02, AbsRel 0.01'

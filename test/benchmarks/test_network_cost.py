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

"""The cost table: what is counted, and how it is shown."""

from pathlib import Path

import pytest
from small_heads import small_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / 'benchmarks'))


def test_multiply_adds_are_those_of_the_layers() -> None:
    from network_cost import count
    from sa4depth_ros.networks.factory import build_network
    import torch
    from torch.nn import Conv2d
    config = small_config('sigmoid')
    network, expected = build_network(config).eval(), []

    def note(layer: Conv2d, _: object, output: torch.Tensor) -> None:
        kernel = layer.kernel_size[0] * layer.kernel_size[1] * layer.in_channels / layer.groups
        expected.append(output.numel() * kernel)
    for module in network.modules():
        if isinstance(module, Conv2d) and module is not network.head:
            module.register_forward_hook(note)
    with torch.inference_mode():
        network(torch.zeros(1, 3, 64, 96))
    cost = count(config)
    # The head gives more than the output of its convolution.
    expected.append(32 * 48 * 8 * 9)
    assert cost.multiply_adds == pytest.approx(sum(expected) / 1e9, rel=1e-6)
    assert cost.parameters == pytest.approx(
        sum(value.numel() for value in network.parameters()) / 1e6)
    assert cost.head == pytest.approx((8 * 9 + 1) / 1e6)


def test_times_are_shown_as_multiples_of_the_first_of_their_size() -> None:
    from network_cost import Cost, table
    text = table({'a': Cost('2x3', 1.0, 0.5, 2.0, 10.0), 'b': Cost('4x6', 1.0, 0.5, 2.0, 7.0),
                  'c': Cost('2x3', 1.234, 0.5, 2.0, 25.0)})
    assert text.splitlines()[2:] == [
        '| a | 2x3 | 1.00 | 0.50 | 2.00 | 10.0 | 1.00 |',
        '| b | 4x6 | 1.00 | 0.50 | 2.00 | 7.0 | 1.00 |',
        '| c | 2x3 | 1.23 | 0.50 | 2.00 | 25.0 | 2.50 |']

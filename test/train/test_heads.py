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

"""Each head learns one batch by heart, with the losses of its recipe."""

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.factory import build_network
from sa4depth_train.chamfer import chamfer_error
from sa4depth_train.config import LossConfig, TrainConfig
from sa4depth_train.recipes.supervised import depth_losses, SupervisedModel
from small_heads import HEADS, small_config
import torch

STEPS = 60


def _batch():
    """Two pictures of slopes whose depth is in the colours."""
    rows, columns = torch.meshgrid(
        torch.linspace(0, 1, 64), torch.linspace(0, 1, 96), indexing='ij')
    place = torch.stack((rows, columns))[:, None]
    image = torch.cat((place, 1 - place, place.square()), dim=1)
    depth = 1 + 4 * place
    depth[0, :, :8] = 0
    return {'image': image, 'depth': depth, 'K': 100 * torch.eye(3).expand(2, 3, 3),
            'rendered': torch.zeros(2, dtype=torch.bool)}


@pytest.mark.parametrize('name', HEADS)
def test_one_batch_is_learned_by_heart(name) -> None:
    torch.manual_seed(0)
    bins = name in ('self_query', 'ada_bins')
    loss = LossConfig(gradient=0.0, chamfer=0.1 if bins else 0.0)
    model = SupervisedModel(build_network(small_config(name)), loss).train()
    batch, known = _batch(), _batch()['depth'] > 0
    before = model.depth_net.predict(batch['image']).centres
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, STEPS)
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(batch)['loss'].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        depth, centres = model.depth_net.predict(batch['image'])
    error = ((depth - batch['depth']).abs() / batch['depth'])[known].mean()
    assert error < 0.1
    if bins:
        start = chamfer_error(before, batch['depth'], known)
        assert chamfer_error(centres, batch['depth'], known) < 0.8 * start


def test_chamfer_is_a_part_of_the_loss() -> None:
    torch.manual_seed(0)
    depth, target = 1 + torch.rand(2, 1, 4, 5), 1 + torch.rand(2, 1, 4, 5)
    centres = torch.rand(2, 7).sort(1).values
    plain, with_bins = (depth_losses(depth, target, LossConfig(chamfer=weight), None, centres)
                        for weight in (0.0, 0.1))
    assert 'chamfer' not in plain
    expected = plain['loss'] + 0.1 * chamfer_error(centres, target, target > 0)
    torch.testing.assert_close(with_bins['loss'], expected)


def test_chamfer_without_bins_is_refused() -> None:
    with pytest.raises(ConfigError, match=r'loss\.chamfer needs network\.head self_query or'):
        TrainConfig(network=small_config('metric_bins'), loss=LossConfig(chamfer=0.1))

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

"""Training a self-supervised model on one batch, until it knows it."""

from sa4depth_train.parameters import freeze_encoder_norms
import torch


def photometric_by_heart(model, batch, steps=60):
    """Train a SelfSupervisedModel, its encoders from ImageNet; give the photometric losses."""
    for encoder in (model.depth_net.encoder, model.motion_net.pose_net.encoder):
        encoder.load_pretrained()
    freeze_encoder_norms(model.train())
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    losses = []
    for _ in range(steps):
        terms = model(batch)
        optimizer.zero_grad()
        terms['loss'].backward()
        optimizer.step()
        losses.append(terms['photometric'].item())
    return losses

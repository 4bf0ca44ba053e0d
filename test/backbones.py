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

"""Tiny backbones of transformers with random weights, as the hub would have them."""

from pathlib import Path

import transformers

SIZES = {'hidden_sizes': [8, 16, 24, 32], 'depths': [1, 1, 1, 1]}
KINDS = ('resnet', 'convnextv2', 'swin')


def tiny_classifier(kind: str) -> transformers.PreTrainedModel:
    """Make the image classifier of one of KINDS."""
    if kind == 'resnet':
        return transformers.ResNetForImageClassification(transformers.ResNetConfig(
            embedding_size=8, layer_type='basic', **SIZES))
    if kind == 'convnextv2':
        return transformers.ConvNextV2ForImageClassification(
            transformers.ConvNextV2Config(**SIZES))
    return transformers.SwinForImageClassification(transformers.SwinConfig(
        embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], image_size=64))


def tiny_encoder(folder: Path) -> str:
    """Save the simplest of them in ``folder`` and name it as a configuration does."""
    tiny_classifier('resnet').save_pretrained(folder)
    return f'hf:{folder}'

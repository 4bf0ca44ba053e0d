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

"""Weights into networks: all of them, or an error that names what does not fit."""

from collections.abc import Iterable, Mapping

from sa4depth_ros.errors import ModelError
from torch import nn, Tensor


def load_exactly(module: nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Load ``weights`` into ``module``; ModelError naming keys that lack, exceed or misfit."""
    own = module.state_dict()
    refuse_misfits(
        set(own) - set(weights), set(weights) - set(own),
        (f'{key} {tuple(weights[key].shape)} instead of {tuple(own[key].shape)}'
         for key in set(own) & set(weights) if weights[key].shape != own[key].shape), source)
    module.load_state_dict(dict(weights))


def refuse_misfits(
    missing: Iterable[str], unexpected: Iterable[str], misfits: Iterable[str], source: str,
) -> None:
    """Raise ModelError naming the keys, if there are any; ``source`` is where they come from."""
    wrong = [sorted(keys) for keys in (missing, unexpected, misfits)]
    if any(wrong):
        texts = [_listed(keys) for keys in wrong]
        raise ModelError(
            f"the weights in '{source}' do not fit this network. Missing keys: {texts[0]}. "
            f'Unexpected keys: {texts[1]}. Other shapes: {texts[2]}.')


def for_images(weight: Tensor, images: int) -> Tensor:
    """Repeat a first convolution (O, 3, h, w) for stacked images; its output keeps its size."""
    return weight.repeat(1, images, 1, 1) / images


def _listed(names: list[str], most: int = 8) -> str:
    more = f' and {len(names) - most} more' if len(names) > most else ''
    return (', '.join(names[:most]) or 'none') + more

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

"""What a model wants to be given: its card, and images in the layout that the card names."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.resources import share_path
from sa4depth_ros.runtime.engines import Engine, Probe
from sa4depth_ros.runtime.preprocess import Preprocessor

PROBE_IMAGE = 'models/probe.png'


def card_of(model: Path, metadata: Mapping[str, str]) -> ModelCard:
    """Read the card of a depth model: the YAML beside it, else its metadata. ModelError."""
    beside = model.with_suffix('.yaml')
    card = ModelCard.from_yaml(beside) if beside.is_file() else ModelCard.from_metadata(metadata)
    if card.kind != 'depth':
        raise ModelError(f"'{model}' is a model of kind '{card.kind}', expected 'depth'")
    return card


def check_input(card: ModelCard, engine: Engine) -> None:
    """Raise ModelError when the input that ``engine`` takes is not the one of ``card``."""
    height, width = card.input_height, card.input_width
    expected = (1, height, width, 3) if card.input_layout == 'NHWC' else (1, 3, height, width)
    shape, dtype = engine.input_shape, engine.input_dtype
    fits = all(have in (-1, want) for have, want in zip(shape, expected))
    if not fits or len(shape) != 4 or dtype != np.dtype(card.input_dtype):
        raise ModelError(
            f"the card of '{card.name}' says input {card.input_dtype} {expected}, the model file "
            f'says {dtype} {shape} (-1 is free); correct the card')


def to_tensor(image: NDArray[np.uint8], card: ModelCard) -> NDArray[Any]:
    """Give ``image`` (input_height, input_width, 3) RGB as a batch of one for the model."""
    tensor: NDArray[Any] = image
    if card.input_dtype == 'float32':
        # One multiply-add per channel: (x / 255 - mean) / std.
        std = np.asarray(card.std, dtype=np.float32)
        tensor = image * (1 / (255 * std)) - np.asarray(card.mean, dtype=np.float32) / std
    if card.input_layout == 'NCHW':
        tensor = tensor.transpose(2, 0, 1)
    return np.ascontiguousarray(tensor[None])


def make_probe(card: ModelCard) -> Probe:
    """Bring the stored probe image to the input of the model; ModelError when it is missing."""
    try:
        path = share_path(PROBE_IMAGE)
    except ConfigError as error:
        raise ModelError(f'the image for the self-check is missing: {error}') from error
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f"'{path}', the image for the self-check, cannot be read; reinstall "
                         'the package')
    rgb = np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)
    resized, _ = Preprocessor(card.input_height, card.input_width)(rgb, None)
    return Probe(to_tensor(resized, card), card.output_name, card.precision)

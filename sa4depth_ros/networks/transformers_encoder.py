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

"""Any backbone of the library transformers that gives a pyramid of maps, as an encoder."""

from collections.abc import Iterator, Mapping
import contextlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.networks.weights import for_images, load_exactly, refuse_misfits
from safetensors import SafetensorError
import torch
from torch import nn, Tensor

_NEEDED, _WANTED = (4, 8, 16, 32), (2, 4, 8, 16, 32)
_PROBE_SIDE = 64
_MEAN, _STD = 'image_mean', 'image_std'
_IMAGENET = {_MEAN: (0.485, 0.456, 0.406), _STD: (0.229, 0.224, 0.225)}
# What says nothing of the layers, or follows from the rest.
_NOT_KEPT = {
    '_name_or_path', 'architectures', 'dtype', 'id2label', 'label2id', 'out_indices',
    'problem_type', 'return_dict', 'stage_names', 'torch_dtype', 'transformers_version'}
# Norms that a backbone adds to a classifier's layers; they start as the identity.
_ADDED = 'hidden_states_norms.'


class TransformersEncoder(nn.Module):
    """
    A pretrained backbone of transformers (ResNet, ConvNeXtV2, Swin, ...).

    ``source`` is a model of the hub or a local folder; it is read by load_pretrained only.
    ``config`` is what describe(source) gave. ``channels`` and ``strides`` describe the maps,
    finest first: strides 4 to 32, and 2 where the backbone has it. ``mean`` and ``std`` are
    of [0, 1] RGB. ``images`` is how many RGB images are stacked along the channels of the
    input; with more than one, only the map of stride 32 is given, as a pose needs no other.
    Raises ConfigError for a configuration that transformers cannot build.
    """

    def __init__(self, source: str, config: str, images: int = 1) -> None:
        super().__init__()
        self.source = source
        self.images = images
        self._values = json.loads(config)
        if images > 1:
            self._values['out_features'] = self._values.get('out_features', [])[-1:]
        self.mean, self.std = (
            tuple(self._values.pop(key, _IMAGENET[key])) for key in (_MEAN, _STD))
        self.model = _backbone(self._values | {'num_channels': 3 * images})
        self.channels, self.strides = _survey(self.model, 3 * images)
        needed = _NEEDED if images == 1 else _NEEDED[-1:]
        if not self.strides or self.strides[-len(needed):] != needed:
            raise _no_pyramid(source, self.strides)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Give maps (N, channels[i], H / strides[i], W / strides[i]) of (N, 3 images, H, W)."""
        return list(self.model(x).feature_maps)

    def load_pretrained(self) -> None:
        """
        Load the weights of ``source``.

        Raises ModelError when they cannot be read, or naming the keys that do not fit; the
        classifier that comes with a model is left out.
        """
        config = _config(self._values | {'num_channels': 3})
        try:
            with _quiet():
                loaded, info = type(self.model).from_pretrained(
                    self.source, config=config, output_loading_info=True,
                    ignore_mismatched_sizes=True)
        except (OSError, RuntimeError, SafetensorError, ValueError) as error:
            raise ModelError(_unreadable(self.source, 'weights', error)) from error
        self._check(info)
        weights = loaded.state_dict()
        if self.images > 1:
            own = self.model.state_dict()
            weights = {key: value if value.shape == own[key].shape
                       else for_images(value, self.images) for key, value in weights.items()}
        load_exactly(self.model, weights, self.source)

    def _check(self, info: Mapping[str, Any]) -> None:
        prefix = f'{getattr(self.model, "base_model_prefix", "")}.'
        trunk = {name for name, _ in self.model.named_children()}
        unexpected = [key for key in info['unexpected_keys']
                      if {key.split('.')[0], key.removeprefix(prefix).split('.')[0]} & trunk]
        missing = [key for key in info['missing_keys']
                   if not key.removeprefix(prefix).startswith(_ADDED)]
        misfits = [f'{key} {tuple(there)} instead of {tuple(here)}'
                   for key, there, here in info['mismatched_keys']]
        refuse_misfits(missing, unexpected, misfits, self.source)


def describe(source: str) -> str:
    """
    Give the configuration of a transformers model, of the hub or a local folder, as JSON.

    It names the maps that are used and holds the mean and std of images, so that the network
    can be built without ``source``. Raises ConfigError when there is no such model, the hub
    cannot be reached, or the model has no pyramid of maps.
    """
    auto = _transformers().models.auto
    try:
        config = auto.AutoConfig.from_pretrained(source)
        images = auto.image_processing_auto.get_image_processor_config(source)
    except (KeyError, OSError, ValueError) as error:
        raise ConfigError(_unreadable(source, 'config.json', error)) from error
    values = {key: value for key, value in config.to_dict().items() if key not in _NOT_KEPT}
    values |= {key: list(images.get(key) or default) for key, default in _IMAGENET.items()}
    values['out_features'] = _pyramid(source, values, getattr(config, 'stage_names', None))
    return json.dumps(values, sort_keys=True)


def _pyramid(source: str, values: dict[str, Any], stages: list[str] | None) -> list[str]:
    """Name the last stage of each stride that a decoder wants."""
    model = _backbone(values | {'out_features': list(stages or [])})
    _, strides = _survey(model, values.get('num_channels', 3))
    last = dict(zip(strides, model.out_features))
    if not set(_NEEDED) <= set(last):
        raise _no_pyramid(source, strides)
    return [last[stride] for stride in _WANTED if stride in last]


def _config(values: Mapping[str, Any]) -> Any:
    known = {key: value for key, value in values.items() if key not in (_MEAN, _STD)}
    return _transformers().AutoConfig.for_model(known.pop('model_type', ''), **known)


def _backbone(values: Mapping[str, Any]) -> Any:
    try:
        # Eager attention is the one that the ONNX exporter can write for windows (Swin).
        return _transformers().AutoBackbone.from_config(
            _config(values), attn_implementation='eager')
    except (ImportError, KeyError, TypeError, ValueError) as error:
        raise ConfigError('transformers cannot build a backbone of the model type '
                          f"'{values.get('model_type', '')}': {error}") from error


def _survey(model: Any, channels: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give channels and strides of the maps; freeze what no map depends on."""
    training = model.training
    model.eval()
    try:
        with torch.enable_grad():
            maps = model(torch.zeros(1, channels, _PROBE_SIDE, _PROBE_SIDE)).feature_maps
            parameters = list(model.parameters())
            reached = torch.autograd.grad(
                sum(one.sum() for one in maps), parameters, allow_unused=True)
    except (RuntimeError, ValueError) as error:
        raise ConfigError(f'the backbone {type(model).__name__} does not take images of '
                          f'{channels} channels and {_PROBE_SIDE}x{_PROBE_SIDE}: {error}'
                          ) from error
    # Distributed training waits for the gradient of each parameter that asks for one.
    for parameter, gradient in zip(parameters, reached):
        parameter.requires_grad_(gradient is not None)
    model.train(training)
    return (tuple(one.shape[1] for one in maps),
            tuple(round(_PROBE_SIDE / one.shape[-1]) for one in maps))


def _no_pyramid(source: str, strides: tuple[int, ...]) -> ConfigError:
    found = ', '.join(map(str, sorted(set(strides)))) or 'none'
    return ConfigError(
        f"encoder 'hf:{source}' gives maps at strides {found}, "
        f"but a decoder needs {', '.join(map(str, _NEEDED))}; choose a pyramid such as ResNet, "
        'ConvNeXtV2 or Swin')


def _unreadable(source: str, what: str, error: Exception) -> str:
    place = (f"the folder '{source}' gives no {what} that transformers can read"
             if Path(source).is_dir() else
             f"there is no folder '{source}', and the hub could not be reached or has no {what} "
             'of that name')
    return (f'encoder: {place}. Check the name; without a network, copy config.json and '
            'model.safetensors of the model into a folder and set encoder=hf:path/to/folder. '
            f'transformers says: {error}')


def _transformers() -> ModuleType:
    try:
        import transformers
        import transformers.models.auto.image_processing_auto
    except ModuleNotFoundError as error:
        raise ConfigError('an encoder hf:... needs the Python package transformers, and '
                          f"'{error.name}' is missing: pip install transformers") from error
    return transformers


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from printing its load report; keys that matter are checked here."""
    logging = _transformers().utils.logging
    verbosity, progress = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if progress:
            logging.enable_progress_bar()

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

"""Writing another card into a model file, its weights untouched."""

import json
from pathlib import Path

import onnx
from sa4depth_ros.errors import ModelError
from sa4depth_ros.files import write_whole
from sa4depth_ros.model_card import METADATA_KEY, ModelCard

_SUFFIXES = ('.onnx', '.safetensors', '.yaml')
_ALIGNMENT = 8


def default_output(model: Path) -> Path:
    """Name the file for a calibrated card: the YAML card beside the model, or a new model."""
    beside = model.with_suffix('.yaml')
    return beside if beside.is_file() else model.with_stem(f'{model.stem}_calibrated')


def check_output(model: Path, output: Path) -> None:
    """Raise ModelError when a card of ``model`` cannot go to ``output``."""
    if output.suffix not in _SUFFIXES or output.suffix not in (model.suffix, '.yaml'):
        raise ModelError(f"expected an output named *{model.suffix} or *.yaml, got '{output}'")
    beside = output.with_suffix('.yaml')
    if output.suffix != '.yaml' and beside.is_file():
        raise ModelError(f"'{beside}' would hide the card in '{output}': a YAML card beside a "
                         'model wins. Choose another name, or write the .yaml')
    own = model.with_suffix('.yaml')
    if output.suffix == '.yaml' and output.resolve() != own.resolve():
        raise ModelError(f"a YAML card is found by its name: expected '{own}', got '{output}'")


def write_card(model: Path, card: ModelCard, output: Path) -> None:
    """
    Write ``model`` with this ``card`` to ``output``, or the card alone when that is a .yaml.

    ``output`` is replaced as a whole or not at all; it may be ``model`` itself. Raises ModelError
    when it cannot be written.
    """
    check_output(model, output)
    try:
        if output.suffix == '.yaml':
            content = card.to_yaml_text().encode()
        elif output.suffix == '.onnx':
            content = _onnx(model, card, output)
        else:
            content = _safetensors(model, card)
        write_whole(output, content)
        # Temporary files are private; a model is for whoever could read it before.
        output.chmod(model.stat().st_mode)
    except OSError as error:
        raise ModelError(f"cannot write '{output}': {error}") from error


def _onnx(path: Path, card: ModelCard, output: Path) -> bytes:
    model = onnx.load(str(path), load_external_data=False)
    elsewhere = any(tensor.data_location == onnx.TensorProto.EXTERNAL
                    for tensor in model.graph.initializer)
    if elsewhere and output.resolve().parent != path.resolve().parent:
        raise ModelError(f"'{path}' keeps its weights in files beside it: expected an output in "
                         f"'{path.parent}', got '{output}'")
    others = {item.key: item.value for item in model.metadata_props}
    onnx.helper.set_model_props(model, others | card.to_metadata())
    return model.SerializeToString()


def _safetensors(path: Path, card: ModelCard) -> bytes:
    # Eight bytes with the length of a JSON header, which counts from its own end.
    content = path.read_bytes()
    length = int.from_bytes(content[:8], 'little')
    try:
        header = json.loads(content[8:8 + length])
    except ValueError as error:
        raise ModelError(f"'{path}' is no .safetensors file: {error}") from error
    values = header.get('__metadata__', {})
    header['__metadata__'] = {**values, METADATA_KEY: card.to_metadata()[METADATA_KEY]}
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % _ALIGNMENT)
    return len(text).to_bytes(8, 'little') + text + content[8 + length:]

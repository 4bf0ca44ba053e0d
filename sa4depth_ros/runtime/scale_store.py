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

"""Keeping a scale that was found while the node ran: in the YAML card beside the model."""

import os
from pathlib import Path

from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.files import write_whole
from sa4depth_ros.model_card import ModelCard, ScaleRecord
from sa4depth_ros.resources import DEFAULT_MODEL, share_path


def store_scale(model: Path, card: ModelCard, record: ScaleRecord, camera: str) -> Path:
    """
    Write the card of ``model`` with ``record`` for ``camera`` ('': for all) beside it; its path.

    The model file itself stays as it is, so that engines built of it stay valid. What another
    node has stored in that YAML meanwhile is kept; without one, ``card`` is what the model says
    of itself. Raises ModelError when nothing may be written there: the shipped model is for all.
    """
    path = model.with_suffix('.yaml')
    _check_place(model)
    known = ModelCard.from_yaml(path) if path.is_file() else card
    text = known.with_scale(record, camera).to_yaml_text()
    try:
        write_whole(path, text.encode(), durable=True)
        # Temporary files are private; a card is for whoever can read the model.
        path.chmod(model.stat().st_mode)
    except OSError as error:
        raise ModelError(f"cannot write '{path}': {error}") from error
    return path


def _check_place(model: Path) -> None:
    advice = 'copy it to a folder of yours and start the node with model:=THE_COPY'
    if _is_shipped(model):
        raise ModelError(f"'{model}' is the model that is shipped, which is left as it is: "
                         f'{advice}')
    if not os.access(model.parent, os.W_OK):
        raise ModelError(f"the folder '{model.parent}' of the model is not writable: {advice}")


def _is_shipped(model: Path) -> bool:
    try:
        shipped = share_path(DEFAULT_MODEL)
    except ConfigError:
        return False
    # With --symlink-install the share folder holds links to the sources.
    folders = {shipped.parent, shipped.resolve().parent}
    return model.parent in folders or model.resolve().parent in folders

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

"""Where shipped files (models, configuration, recordings) lie."""

import os
from pathlib import Path
import sys

from sa4depth_ros.errors import ConfigError

PACKAGE = 'sa4depth_ros'
DEFAULT_MODEL = 'models/sa4depth_default.onnx'
DEMO_RECORDING = 'recordings/demo_room'


def share_path(relative: str) -> Path:
    """
    Find a shipped file or folder by its path below the package's share folder.

    Looked at in turn: the source checkout that this module lies in, every prefix of
    ``AMENT_PREFIX_PATH``, the prefix of the running interpreter.
    Raises ConfigError naming all of them when none holds the file.
    """
    candidates = [root / relative for root in _share_roots()]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    searched = '\n  '.join(str(candidate) for candidate in candidates)
    raise ConfigError(
        f"expected the shipped file '{relative}', but it is in none of\n  {searched}\n"
        'Reinstall the package, or name the file explicitly.')


def _share_roots() -> list[Path]:
    roots = []
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / 'package.xml').is_file():
        roots.append(checkout)
    prefixes = [p for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    roots += [Path(prefix) / 'share' / PACKAGE for prefix in [*prefixes, sys.prefix]]
    return roots

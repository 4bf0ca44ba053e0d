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

"""What an evaluation leaves: figures as JSON, and one page."""

from collections.abc import Iterable, Mapping
import json
from pathlib import Path
from typing import Any

from sa4depth_train.page import Section, write_page


def write_evaluation(
    folder: Path, page: Path, header: Mapping[str, Any], figures: Mapping[str, Any],
    sections: Iterable[Section],
) -> None:
    """
    Write ``metrics.json`` with ``header`` and ``figures`` into ``folder``, and the ``page``.

    Figures are finite numbers or None. ``header`` says what was run; ``folder`` is there, that
    of the page is made. Figures are written first: ``sections``, which may write pictures when
    they are asked for, cannot lose them.
    """
    (folder / 'metrics.json').write_text(
        json.dumps({**header, **figures}, indent=1, allow_nan=False) + '\n', encoding='utf-8')
    page.parent.mkdir(parents=True, exist_ok=True)
    facts = ['; '.join(f'{key}: {value}' for key, value in header.items())]
    write_page(page, 'Evaluation', facts, list(sections))

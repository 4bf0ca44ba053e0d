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

"""Files that others see as a whole or not at all, and pages of which a part is made."""

import os
from pathlib import Path
import secrets

from sa4depth_ros.errors import ConfigError


def write_whole(path: Path, content: bytes | memoryview, *, durable: bool = False) -> None:
    """
    Write a file, or replace it, in one step; makes its folder.

    ``durable`` waits until the content is on the disk. Raises OSError and leaves nothing behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not of tempfile, whose files nobody else may read.
    temporary = path.with_name(f'{path.name}{secrets.token_hex(4)}.part')
    try:
        with temporary.open('xb') as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def fill_page(page: Path, begin: str, end: str, text: str) -> None:
    """Put ``text`` between two markers of a page; ConfigError when it lacks one of them."""
    before, found, rest = page.read_text(encoding='utf-8').partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ConfigError(f"expected the markers '{begin}' and '{end}' in {page}; put them where "
                          'the text is to stand')
    write_whole(page, f'{before}{begin}\n{text}\n{end}{after}'.encode())

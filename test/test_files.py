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

"""Files that are written whole, and pages of which a part is made by a command."""

from pathlib import Path

import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.files import fill_page, write_whole

BEGIN, END = '<!-- table -->', '<!-- end -->'


def test_what_stood_between_the_markers_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / 'page.md'
    page.write_text(f'before\n{BEGIN}\nold\n{END}\nafter\n', encoding='utf-8')
    for text in ('new', 'newer'):
        fill_page(page, BEGIN, END, text)
    assert page.read_text('utf-8') == f'before\n{BEGIN}\nnewer\n{END}\nafter\n'


@pytest.mark.parametrize('content', ['nothing', BEGIN, END, f'{END}\n{BEGIN}'])
def test_a_page_without_both_markers_is_left_alone(content: str, tmp_path: Path) -> None:
    page = tmp_path / 'page.md'
    page.write_text(content, encoding='utf-8')
    with pytest.raises(ConfigError, match='expected the markers'):
        fill_page(page, BEGIN, END, 'new')
    assert page.read_text('utf-8') == content


def test_a_file_may_be_read_by_whom_others_may(tmp_path: Path) -> None:
    """As one that was opened and written; models are exported by one user and run by another."""
    plain, whole = tmp_path / 'plain', tmp_path / 'new' / 'whole'
    plain.write_bytes(b'x')
    for content in (b'first', b'second'):
        write_whole(whole, content)
        assert whole.read_bytes() == content
        assert whole.stat().st_mode == plain.stat().st_mode
    assert [path.name for path in whole.parent.iterdir()] == ['whole']

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

"""The page stands alone: every picture is inside, no name can become markup."""

import base64
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.page import Section, write_page
from sa4depth_train.tables import depth_table, motion_table, Table

NASTY = '<script>alert("x")</script> & \'quotes\''


class Reader(HTMLParser):
    """Collects tags, the sources of pictures, and text; complains of unbalanced tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        values = dict(attrs)
        assert not {'onerror', 'onload'} & set(values)
        assert values.get('href', '#').startswith('#')
        if tag == 'img':
            self.sources.append(values['src'])
            self.text.append(values['alt'])
        if tag not in ('img', 'meta'):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.text.append(data)


def picture(path, level: int):
    cv2.imwrite(str(path), np.full((4, 5, 3), level, np.uint8))
    return path


def test_every_picture_is_inside_and_nothing_is_loaded(tmp_path) -> None:
    pictures = [picture(tmp_path / f'{level}.png', level) for level in (10, 20, 30)]
    sections = [Section('one', pictures=[(pictures[0], 'first'), (pictures[1], 'second')]),
                Section('two', pictures=[(pictures[2], 'third')])]
    write_page(tmp_path / 'index.html', 'title', ['fact'], sections)
    page = Reader((tmp_path / 'index.html').read_text(encoding='utf-8'))
    for source, path in zip(page.sources, pictures, strict=True):
        head, _, data = source.partition(',')
        assert head == 'data:image/png;base64'
        assert base64.b64decode(data) == path.read_bytes()
    assert not {'script', 'link', 'iframe'} & set(page.tags)


def test_every_text_is_escaped(tmp_path) -> None:
    table = Table(NASTY, (NASTY, 'b'), ((NASTY, '1'),))
    section = Section(NASTY, notes=[NASTY], tables=[table],
                      pictures=[(picture(tmp_path / 'a.png', 1), NASTY)])
    write_page(tmp_path / 'index.html', NASTY, [NASTY], [section])
    page = Reader((tmp_path / 'index.html').read_text(encoding='utf-8'))
    assert 'script' not in page.tags
    # Title and heading, fact, section and note, caption, column and cell, picture and its text.
    assert page.text.count(NASTY) == 10


def test_several_sections_can_be_jumped_to_and_parts_are_shown(tmp_path) -> None:
    inner = Section('inner', notes=['deep'], pictures=[(picture(tmp_path / 'a.png', 9), 'pic')])
    sections = [Section('one'), Section(NASTY, parts=[inner])]
    write_page(tmp_path / 'index.html', 'title', [], sections)
    text = (tmp_path / 'index.html').read_text(encoding='utf-8')
    page = Reader(text)
    assert page.tags.count('a') == page.tags.count('h2') == 2
    for number in range(2):
        assert f'href="#part{number}"' in text and f'id="part{number}"' in text
    assert page.text.count(NASTY) == 2
    assert {'inner', 'deep', 'pic'} <= set(page.text) and page.tags.count('h3') == 1


def test_what_cannot_be_written_is_an_error(tmp_path) -> None:
    with pytest.raises(BagError, match='cannot write the page'):
        write_page(tmp_path / 'none' / 'index.html', 'title', [], [])
    with pytest.raises(BagError, match='cannot write the page'):
        write_page(tmp_path / 'index.html', 'title', [],
                   [Section('one', pictures=[(tmp_path / 'missing.png', 'x')])])


def test_tables_line_up_and_unknown_figures_are_dashes() -> None:
    table = depth_table({'walk': {'frames': 60.0, 'abs_rel': 0.12345678}, 'b': {}})
    lines = table.to_text().splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[1].split()[:4] == ['walk', '60', '0.1235', '-']
    assert set(lines[2].split()[1:]) == {'-'}
    motion = motion_table({('walk', 'refined'): {'ate_sim3': float('nan'), 'scale_std': 0.05}})
    assert motion.rows[0][0] == 'walk refined'
    assert motion.rows[0][motion.columns.index('ate_sim3')] == '-'
    assert motion.rows[0][motion.columns.index('scale_std')] == '0.05'

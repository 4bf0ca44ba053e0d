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

"""A page with tables and pictures in one HTML file, to keep or to send."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sa4depth_ros.errors import BagError
from sa4depth_train.tables import Table

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1100px;
       padding: 0 1rem; color: #1c1c1c; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem;
     border-bottom: 1px solid #ccc; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto;
        font-size: .85rem; }
th, td { padding: .25rem .5rem; border-bottom: 1px solid #ddd; text-align: right;
         font-variant-numeric: tabular-nums; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
caption { text-align: left; font-weight: 600; }
h3 { font-size: 1rem; margin-top: 1.5rem; } nav a { margin-right: 1rem; }
img { max-width: 100%; height: auto; display: block; } figure { margin: 1rem 0; }
figcaption, .note { color: #555; max-width: 75ch; }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Section:
    """
    A part of the page: ``pictures`` are PNG files and what is written below each.

    ``parts`` come last, each under a smaller heading; their own parts are not shown.
    """

    title: str
    notes: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[tuple[Path, str]] = ()
    parts: Sequence['Section'] = ()


def write_page(path: Path, title: str, facts: Sequence[str], sections: Sequence[Section]) -> None:
    """
    Write an HTML file that needs no other file: pictures are inside, every text is escaped.

    Its own policy forbids scripts and whatever would have to be loaded from elsewhere.
    Raises BagError when a picture cannot be read or the page not be written.
    """
    try:
        body = ''.join(_section(number, section) for number, section in enumerate(sections))
        page = (f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
                f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
                f'<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n'
                f'<h1>{escape(title)}</h1>\n{_notes(facts)}{_contents(sections)}{body}</body>\n'
                '</html>\n')
        path.write_text(page, encoding='utf-8')
    except OSError as error:
        raise BagError(f"cannot write the page '{path}': {error}") from error


def _contents(sections: Sequence[Section]) -> str:
    if len(sections) < 2:
        return ''
    links = '\n'.join(f'<a href="#part{number}">{escape(section.title)}</a>'
                      for number, section in enumerate(sections))
    return f'<nav>{links}</nav>\n'


def _section(number: int, section: Section) -> str:
    head = f'<h2 id="part{number}">{escape(section.title)}</h2>\n'
    parts = ''.join(f'<h3>{escape(part.title)}</h3>\n{_content(part)}' for part in section.parts)
    return head + _content(section) + parts


def _content(section: Section) -> str:
    return ''.join([_notes(section.notes), *map(_table, section.tables),
                    *(_picture(path, text) for path, text in section.pictures)])


def _notes(notes: Sequence[str]) -> str:
    return ''.join(f'<p class="note">{escape(note)}</p>\n' for note in notes)


def _table(table: Table) -> str:
    head = ''.join(f'<th>{escape(name)}</th>' for name in table.columns)
    rows = ''.join('<tr>' + ''.join(f'<td>{escape(cell)}</td>' for cell in row) + '</tr>\n'
                   for row in table.rows)
    return (f'<table>\n<caption>{escape(table.caption)}</caption>\n<tr>{head}</tr>\n{rows}'
            '</table>\n')


def _picture(path: Path, text: str) -> str:
    data = base64.b64encode(path.read_bytes()).decode('ascii')
    return (f'<figure><img src="data:image/png;base64,{data}" alt="{escape(text)}">'
            f'<figcaption>{escape(text)}</figcaption></figure>\n')

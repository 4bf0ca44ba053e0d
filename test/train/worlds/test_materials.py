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

"""Materials: what roles get, what a seed decides, and what is held out."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds import materials, photographs, prints
from sa4depth_train.worlds.materials import Materials

SURFACES = ('floor', 'wall', 'ceiling', 'wood', 'fabric', 'metal', 'plastic', 'ceramic', 'paper',
            'leaf', 'ground', 'facade', 'road', 'stone', 'bark', 'roof', 'plaster', 'car',
            'glass', 'rubber', 'any')
Names = set[tuple[object, ...]]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for miniworld: every photograph is there, small and grey."""
    (tmp_path / 'portraits').mkdir()
    names = [*photographs.SURFACES, *photographs.PICTURES,
             *(f'portraits/painter{number:02d}' for number in range(10))]
    for number, name in enumerate(names):
        cv2.imwrite(str(tmp_path / f'{name}.png'), np.full((24, 16, 3), 60 + number, np.uint8))
    monkeypatch.setattr(photographs, '_folder', lambda: tmp_path)
    photographs._portraits.cache_clear()
    photographs._decoded.cache_clear()
    yield tmp_path
    photographs._portraits.cache_clear()
    photographs._decoded.cache_clear()


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photographs, '_folder', lambda: None)


def _noted(monkeypatch: pytest.MonkeyPatch, used: Names) -> None:
    def watch(name: str) -> None:
        original: Callable[..., object] = getattr(materials, name)

        def noted(*arguments: object) -> object:
            # Of prints that have one kind only, other copies are held out.
            single = name == '_printed' and any(
                kinds == (arguments[0],) for kinds in prints.KINDS.values())
            used.add((name, *arguments[:2 if single else 1]))
            return original(*arguments)

        monkeypatch.setattr(materials, name, noted)

    for name in ('_shaded', '_printed', 'photograph'):
        watch(name)


@pytest.mark.parametrize('role', SURFACES)
@pytest.mark.parametrize('unseen', [False, True])
def test_surfaces_tile_in_metres(role: str, unseen: bool, without_package: None) -> None:
    """Textures are colour images of at most 512 px that repeat every 10 cm to 6 m."""
    library = Materials(np.random.default_rng(0), unseen)
    for _ in range(4):
        material = library.pick(role)
        assert material.texture.dtype == np.uint8 and material.texture.shape[2] == 3
        assert 16 <= min(material.texture.shape[:2]) and max(material.texture.shape) <= 512
        assert material.tile is not None and 0.1 <= min(material.tile) <= 6.0
        assert 0 <= material.shine <= 1 and material.glow == 0


@pytest.mark.parametrize('role', sorted(prints.KINDS))
@pytest.mark.parametrize('unseen', [False, True])
def test_prints_cover_0_to_1(role: str, unseen: bool, without_package: None) -> None:
    """Prints do not tile, and are not blank unless they show an even light."""
    material = Materials(np.random.default_rng(3), unseen).pick(role)
    assert material.tile is None and max(material.texture.shape) <= 1024
    assert (material.glow > 0.5) == (role == 'lamp')
    assert material.texture.std() > 1.0


def test_a_seed_decides_everything(without_package: None) -> None:
    """Equal seeds give equal materials, whatever was made before; others give others."""
    first, _, other = (Materials(np.random.default_rng(seed)) for seed in (5, 7, 6))
    wanted = [first.pick(role) for role in ('floor', 'wall', 'poster', 'leaf')]
    strange = [other.pick(role) for role in ('floor', 'wall', 'poster', 'leaf')]
    again = Materials(np.random.default_rng(5))
    for material, foreign in zip(wanted, strange):
        twin = again.pick({0: 'floor', 1: 'wall', 2: 'poster', 3: 'leaf'}[
            [id(m) for m in wanted].index(id(material))])
        assert np.array_equal(material.texture, twin.texture) and material.tile == twin.tile
        assert not np.array_equal(material.texture, foreign.texture)


def test_every_pick_is_another(without_package: None) -> None:
    """Forty walls have forty textures, with many colours among them."""
    library = Materials(np.random.default_rng(1))
    textures = [library.pick('wall').texture for _ in range(40)]
    assert len({texture.tobytes() for texture in textures}) == 40
    assert np.std([texture.reshape(-1, 3).mean(0) for texture in textures], axis=0).min() > 15


@pytest.mark.parametrize('role', ['wall', 'ceiling', 'plastic'])
def test_many_surfaces_show_no_texture(role: str, without_package: None) -> None:
    """A third at least is nearly plain, and a tenth at least is not."""
    library = Materials(np.random.default_rng(2))
    contrast = []
    for _ in range(60):
        grey = library.pick(role).texture.mean(2)
        contrast.append(grey.std() / max(grey.mean(), 1.0))
    assert np.mean(np.array(contrast) < 0.05) > 0.33
    assert np.mean(np.array(contrast) > 0.05) > 0.1


def test_what_is_held_out_is_never_seen(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No photograph, pattern or print serves both training and the unseen test set."""
    used: dict[bool, Names] = {False: set(), True: set()}
    for unseen, names in used.items():
        with monkeypatch.context() as patch:
            _noted(patch, names)
            library = Materials(np.random.default_rng(4), unseen)
            for role in (*SURFACES, *prints.KINDS):
                for _ in range(12):
                    library.pick(role)
    assert not used[False] & used[True]
    for kind in ('_shaded', '_printed', 'photograph'):
        assert sum(name[0] == kind for name in used[True]) >= 5, kind
        assert sum(name[0] == kind for name in used[False]) >= 10, kind


def test_a_wanted_color_is_kept(without_package: None) -> None:
    """A red car is red."""
    texture = Materials(np.random.default_rng(0)).pick('car', color=(200.0, 30.0, 40.0)).texture
    assert np.allclose(texture.reshape(-1, 3).mean(0), (200, 30, 40), atol=8)


def test_without_the_package_photographs_are_missed_with_a_hint(without_package: None) -> None:
    """Nothing is offered; who insists is told what to install."""
    assert photographs.photographs('wall', unseen=False) == ()
    with pytest.raises(ConfigError, match='pip install --no-deps miniworld'):
        photographs.require_photographs()
    with pytest.raises(ConfigError, match="extra 'render'"):
        photographs.photograph('wood_1')


def test_a_damaged_package_is_named(package: Path) -> None:
    """A photograph that is gone names its file."""
    (package / 'wood_1.png').unlink()
    with pytest.raises(ConfigError, match=r'wood_1\.png'):
        photographs.photograph('wood_1')


def test_photographs_are_offered_by_role_and_split(package: Path) -> None:
    """Both halves of a role's photographs together are all of them."""
    for role in ('wall', 'picture', 'door'):
        seen = photographs.photographs(role, unseen=False)
        held_out = photographs.photographs(role, unseen=True)
        assert seen and held_out and not set(seen) & set(held_out)
    portraits = [name for name in photographs.photographs('picture', unseen=True)
                 if name.startswith('portraits/')]
    assert portraits == ['portraits/painter04', 'portraits/painter09']

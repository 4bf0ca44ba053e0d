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

"""Rendering many worlds: the same however it is done, in one go or not."""

import json
from pathlib import Path
import signal
from typing import Any

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds import render_worlds as module
from sa4depth_train.worlds.render_worlds import render_worlds
from sa4depth_train.worlds.rendered_world import (
    PARTS, render_world, world_seed, WorldsSettings, worth)
from sa4depth_train.worlds.world_cache import WorldCache

SMALL = WorldsSettings(seed=7, frames=3, width=64, height=48, kind='corridor')


@pytest.fixture(scope='module')
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render three small worlds with two processes."""
    path = tmp_path_factory.mktemp('rendered') / 'cache'
    told: list[int] = []
    seconds = render_worlds(path, SMALL, 3, jobs=2, progress=told.append)
    assert told == [3, 3, 3] and all(seconds[part] > 0 for part in PARTS)
    return path


def test_index_describes_the_worlds(cache: Path) -> None:
    """Every world has its frames, a seed of its own, and the hash of its pixels."""
    read = WorldCache(cache)
    assert [world.folder for world in read.worlds] == ['000000', '000001', '000002']
    assert len({world.seed for world in read.worlds}) == 3
    assert {world.carrier for world in read.worlds} <= {'robot', 'hand', 'drone', 'near'}
    assert read.settings['seed'] == 7 and len(read.settings['code']) == 64
    for index in range(3):
        frames = read.load(index)
        assert frames.rgb.shape == (3, 48, 64, 3) and not read.damaged(index)
        assert (np.diff(frames.stamps) > 0).all()
        assert (frames.depth > 0).mean() > 0.3 and frames.rgb.std() > 3
    assert json.loads((cache / 'worlds.json').read_text())['licence'] == 'Apache-2.0'


def test_number_of_processes_changes_nothing(cache: Path, tmp_path: Path) -> None:
    """One process, and one world alone, give the same pixels, poses and entries."""
    render_worlds(tmp_path / 'alone', SMALL, 1, jobs=1)
    one, two = WorldCache(tmp_path / 'alone'), WorldCache(cache)
    assert one.worlds[0] == two.worlds[0]
    for name in ('rgb', 'depth', 'K', 'T_world_camera', 'stamps'):
        assert (getattr(one.load(0), name) == getattr(two.load(0), name)).all()


def test_depths_and_poses_agree(cache: Path) -> None:
    """A point of one frame, carried into another by pose and K, has the depth seen there."""
    checked = 0
    for index in range(3):
        frames = WorldCache(cache).load(index)
        K, T = frames.K, frames.T_world_camera
        v, u = np.mgrid[2:46:3, 2:62:3].reshape(2, -1)
        depth = frames.depth[0][v, u] / 1000.0
        rays = np.linalg.inv(K) @ np.stack([u, v, np.ones_like(u)])
        points = np.linalg.inv(T[1]) @ T[0] @ np.vstack([rays * depth, np.ones_like(depth)])
        x, y, _ = K @ points[:3] / points[2]
        inside = (points[2] > 0.2) & (x > 0) & (x < 63) & (y > 0) & (y < 47) & (depth > 0)
        there = frames.depth[1][np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)]
        ratio = there / 1000.0 / points[2][inside]
        if inside.sum() > 60:
            checked += 1
            assert 0.97 < np.median(ratio) < 1.03
    assert checked


def test_goes_on_where_it_was_stopped(cache: Path, tmp_path: Path) -> None:
    """After Ctrl-C the finished worlds stay, the rest follows, and nothing differs."""
    target = tmp_path / 'stopped'

    def stop(_frames: int) -> None:
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        render_worlds(target, SMALL, 3, jobs=1, progress=stop)
    assert len(WorldCache(target)) == 1
    kept = (target / '000000' / 'rgb.npy').stat().st_mtime_ns
    render_worlds(target, SMALL, 3, jobs=1)
    assert (target / '000000' / 'rgb.npy').stat().st_mtime_ns == kept
    assert (target / 'worlds.json').read_text() == (cache / 'worlds.json').read_text()


def test_refuses_to_mix(cache: Path, tmp_path: Path) -> None:
    """Other settings, and folders with something else in them, are left alone."""
    with pytest.raises(ConfigError, match='frames, seed'):
        render_worlds(cache, WorldsSettings(seed=8, frames=4, width=64, height=48,
                                            kind='corridor'), 3)
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(ConfigError, match='choose another --output'):
        render_worlds(tmp_path, SMALL, 1)


def test_seeds_are_all_different() -> None:
    """Of every world, attempt, and of the unseen set."""
    seeds = [world_seed(WorldsSettings(seed=seed, unseen=unseen), index, attempt)
             for seed in (0, 1) for unseen in (False, True) for index in range(20)
             for attempt in range(3)]
    assert len(set(seeds)) == len(seeds)


def test_video_keeps_every_frame() -> None:
    """At 10 Hz frames are 0.1 s apart."""
    video = WorldsSettings(seed=1, frames=4, width=64, height=48, rate=10.0, kind='corridor')
    rendered = render_world(video, 0)
    assert np.allclose(np.diff(rendered.frames.stamps), 0.1)


def test_worth_of_pictures() -> None:
    """Too near, sky or blank: nothing. A wall: little, at any angle. A step in depth: all."""
    rgb = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    wall = np.full((64, 96), 2.0, np.float32)
    v, u = np.mgrid[:64, :96]
    slanted = (1 / (0.3 + 0.002 * u + 0.001 * v)).astype(np.float32)
    near, sky, step = wall.copy(), wall.copy(), wall.copy()
    near[:, :40], sky[1:], sky[:, 9:], step[:, 40:] = 0.3, 0.0, 0.0, 4.0
    assert worth(rgb, near) == worth(rgb, sky) == worth(rgb // 255, wall) == 0
    assert 0 < worth(rgb, slanted) < 0.2 and 0 < worth(rgb, wall) < 0.2
    assert worth(rgb, step) == 1


@pytest.mark.parametrize('change', [{'frames': 0}, {'width': 8}, {'kind': 'castle'}, {'seed': -1},
                                    {'rate': -1.0}])
def test_impossible_settings_are_refused(change: dict[str, Any]) -> None:
    """Each message names its option."""
    with pytest.raises(ConfigError, match='--'):
        WorldsSettings(**change)


def test_lost_process_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that dies ends the run with what to do, not with a traceback."""
    monkeypatch.setattr(module, '_prepare_process', _die)
    with pytest.raises(ConfigError, match='fewer --jobs'):
        render_worlds(tmp_path / 'lost', SMALL, 2, jobs=2)


def _die() -> None:
    import os
    os._exit(3)

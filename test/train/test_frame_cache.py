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

"""Decoded frames on disk: exact, bounded, shared, gone when they should be."""

import logging
import os
from pathlib import Path
import subprocess
import sys

import numpy as np
import pytest
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import DataConfig
from sa4depth_train.frame import Frame
from sa4depth_train.frame_cache import cache_key, FrameCache

SIZE = (96, 64)


def _frame(seed: int = 0, seen: bool = True, depth: bool = True) -> Frame:
    rng = np.random.default_rng(seed)
    metres = rng.random((5, 7), dtype=np.float32) * depth
    return Frame(rng.integers(0, 255, (5, 7, 3)).astype(np.uint8), metres,
                 rng.random((3, 3)), rng.random((5, 7)) > 0.5 if seen else None, 'a')


@pytest.mark.parametrize('seen', [True, False])
@pytest.mark.parametrize('depth', [True, False])
def test_a_frame_comes_back_exactly(tmp_path, seen, depth) -> None:
    cache, frame = FrameCache(tmp_path / 'new', 3, 1e6), _frame(seen=seen, depth=depth)
    assert cache.load(1, 'b') is None
    cache.store(1, frame)
    back = FrameCache(tmp_path / 'new', 3, 0).load(1, 'b')
    np.testing.assert_array_equal(back.rgb, frame.rgb)
    np.testing.assert_array_equal(back.depth, frame.depth)
    np.testing.assert_array_equal(back.K, frame.K)
    assert (back.seen is None) == (not seen)
    assert not seen or np.array_equal(back.seen, frame.seen)
    assert (back.depth.dtype, back.name) == (np.float32, 'b')
    with pytest.raises(ValueError, match='read-only'):
        back.rgb[0] = 0


@pytest.mark.parametrize('damage', [b'', b'short', b'x' * 300])
def test_a_damaged_file_is_as_good_as_none(tmp_path, damage) -> None:
    cache = FrameCache(tmp_path, 1, 1e6)
    cache.store(0, _frame())
    next(tmp_path.glob('*.frame')).write_bytes(damage)
    assert cache.load(0, 'a') is None
    cache.store(0, _frame())
    assert cache.load(0, 'a') is not None


def test_the_room_is_never_exceeded_and_well_used(tmp_path) -> None:
    one = 4 * 35 + 3 * 35 + 35 + 96
    cache = FrameCache(tmp_path, 40, 13.5 * one)
    for number in range(40):
        cache.store(number, _frame(number))
    kept = sorted(int(path.stem) for path in tmp_path.iterdir())
    assert len(kept) == 13
    # Spread evenly: every epoch decodes the same share of each part of the drive.
    assert max(np.diff(kept)) <= 4
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 13.5 * one


def test_no_room_writes_nothing(tmp_path, room_bag) -> None:
    frames = BagFrames([room_bag.path], DataConfig(cache_mb=0, cache_dir=str(tmp_path)), SIZE)
    assert frames[0].rgb.shape == (64, 96, 3)
    assert not list(tmp_path.rglob('*.frame'))


def test_a_full_disk_is_a_warning(tmp_path, monkeypatch, caplog) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('sa4depth_train.frame_cache.write_whole', full)
    cache = FrameCache(tmp_path, 2, 1e6)
    with caplog.at_level(logging.WARNING):
        cache.store(0, _frame())
        cache.store(1, _frame())
    assert len(caplog.records) == 1
    assert 'No space left' in caplog.text
    assert 'data.cache_dir' in caplog.text


def test_a_second_run_decodes_nothing(write_bag, tmp_path, monkeypatch) -> None:
    bag = write_bag(frames=4)
    config = DataConfig(cache_dir=str(tmp_path / 'cache'))
    first = [BagFrames([bag.path], config, SIZE)[i] for i in range(4)]
    again = BagFrames([bag.path], config, SIZE)

    def fail(*_: object) -> None:
        raise AssertionError('decoded')

    monkeypatch.setattr(again.bags[0], 'read_image', fail)
    for index, frame in enumerate(first):
        np.testing.assert_array_equal(again[index].rgb, frame.rgb)
        assert again[index].name == frame.name


def test_other_settings_and_other_bags_have_other_keys(write_bag) -> None:
    bag = write_bag(frames=2).path
    key = cache_key(bag, {'size': [96, 64]})
    assert key == cache_key(bag, {'size': [96, 64]})
    assert key != cache_key(bag, {'size': [96, 96]})
    file = next(bag.glob('*.mcap'))
    status, data = file.stat(), bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert key != cache_key(bag, {'size': [96, 64]})


def test_the_temporary_cache_goes_with_its_process_and_not_with_a_child() -> None:
    code = ('import os\n'
            'from sa4depth_train.frame_cache import cache_root\n'
            "folder = cache_root('')\n"
            'child = os.fork()\n'
            'if not child:\n'
            '    raise SystemExit\n'
            'os.waitpid(child, 0)\n'
            'print(folder, folder.is_dir())\n')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    folder, was_there = done.stdout.split()
    assert was_there == 'True'
    assert not Path(folder).exists()

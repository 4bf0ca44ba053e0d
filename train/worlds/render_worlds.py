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

"""Renders many worlds into a training cache, over processes, going on where it was stopped."""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
import multiprocessing
import os
from pathlib import Path
import signal
import threading
import time
from typing import Any

from sa4depth_ros.errors import ConfigError
from sa4depth_train.interruption import Interruption
from sa4depth_train.worlds.rendered_world import (
    folder_name, PARTS, render_world, WorldsSettings)
from sa4depth_train.worlds.world_cache import (
    CachedWorld, finished_world, INDEX, read_index, write_index, write_world)

# The index is written when the run ends, and so often [s] before that.
_INDEX_SECONDS = 10.0
_POLL_SECONDS = 0.5
# One core a process: Mesa's llvmpipe and the libraries below numpy would take all of them.
_ONE_THREAD = ('LP_NUM_THREADS', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')
Done = tuple[CachedWorld, dict[str, float]]


def render_worlds(output: Path, settings: WorldsSettings, worlds: int, *, jobs: int = 1,
                  progress: Callable[[int], object] | None = None) -> dict[str, float]:
    """
    Render worlds 0 to ``worlds`` - 1 into the cache ``output`` with ``jobs`` processes.

    The pixels do not depend on ``jobs``. Worlds that are there already are kept, so that a run
    that was stopped goes on, and a cache can grow. ``progress`` is called with the frames of
    each world. Returns seconds by part of the work, summed over the processes.

    SIGINT and SIGTERM let the worlds in progress end, then KeyboardInterrupt is raised. Raises
    ConfigError when the folder holds something else or nothing can be rendered here, BagError
    when it cannot be written.
    """
    if worlds < 1 or jobs < 1:
        raise ConfigError(f'--worlds and --jobs must be 1 or more, not {worlds} and {jobs}.')
    described = settings.described()
    _must_match(output, described)
    entries = _found(output, worlds)
    for entry in entries.values():
        _tell(progress, entry.frames)
    seconds, saved = dict.fromkeys(PARTS, 0.0), 0.0
    try:
        todo = [index for index in range(worlds) if index not in entries]
        for index, (entry, parts) in _finished(output, settings, todo, jobs):
            entries[index] = entry
            seconds = {part: seconds[part] + parts[part] for part in PARTS}
            _tell(progress, entry.frames)
            if time.monotonic() - saved > _INDEX_SECONDS:
                _save(output, described, entries)
                saved = time.monotonic()
    finally:
        # With those that other processes finished after the interruption.
        _save(output, described, _found(output, worlds))
    return seconds


def _found(output: Path, worlds: int) -> dict[int, CachedWorld]:
    return {index: entry for index in range(worlds)
            if (entry := finished_world(output, folder_name(index))) is not None}


def _tell(progress: Callable[[int], object] | None, frames: int) -> None:
    if progress is not None:
        progress(frames)


def _must_match(output: Path, described: dict[str, Any]) -> None:
    index = read_index(output)
    if index is None:
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise ConfigError(f'expected {output} to be new or a cache of rendered worlds, got '
                              f'something without {INDEX}; choose another --output')
        write_index(output, described, [])
        return
    different = sorted(key for key in {*described, *index['settings']}
                       if described.get(key) != index['settings'].get(key))
    if different:
        raise ConfigError(f'{output} holds worlds that were rendered with another '
                          f'{", ".join(different)}; choose another --output, or remove it')


def _save(output: Path, described: dict[str, Any], entries: dict[int, CachedWorld]) -> None:
    write_index(output, described, [entries[index] for index in sorted(entries)])


def _finished(output: Path, settings: WorldsSettings, todo: list[int],
              jobs: int) -> Iterator[tuple[int, Done]]:
    with Interruption() as interruption:
        if jobs == 1:
            _prepare_alone()
            for index in todo:
                yield index, _one_world(output, settings, index)
                if interruption.requested:
                    raise KeyboardInterrupt
            return
        yield from _over_processes(output, settings, todo, jobs, interruption)


def _over_processes(output: Path, settings: WorldsSettings, todo: list[int], jobs: int,
                    interruption: Interruption) -> Iterator[tuple[int, Done]]:
    spawn = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(min(jobs, max(len(todo), 1)), spawn, _prepare_process) as pool:
        futures: dict[Future[Done], int] = {
            pool.submit(_one_world, output, settings, index): index for index in todo}
        try:
            waiting = set(futures)
            while waiting:
                done, waiting = wait(waiting, _POLL_SECONDS, FIRST_COMPLETED)
                for future in sorted(done, key=futures.__getitem__):
                    yield futures[future], future.result()
                if interruption.requested:
                    raise KeyboardInterrupt
        except BrokenProcessPool as error:
            raise ConfigError('a process that renders ended before its time, perhaps for want of '
                              'memory; run the same command again to go on, with fewer '
                              '--jobs') from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one_world(output: Path, settings: WorldsSettings, index: int) -> Done:
    rendered = render_world(settings, index)
    start = time.perf_counter()
    entry = write_world(output, rendered.frames, rendered.entry)
    return entry, {**rendered.seconds, 'writing': time.perf_counter() - start}


def _prepare_alone() -> None:
    for name in _ONE_THREAD:
        os.environ.setdefault(name, '1')


def _prepare_process() -> None:
    """Set up a process that renders: one thread, deaf to Ctrl-C, gone with its parent."""
    import cv2
    _prepare_alone()
    cv2.setNumThreads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)

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

"""Built engines on disk: found again only by what made them, written whole, built once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
import hashlib
import json
import os
from pathlib import Path
import tempfile
from typing import Any, TypeVar

from filelock import FileLock, Timeout
from sa4depth_ros.errors import BackendMissingError, DeviceError, ModelError
from sa4depth_ros.files import write_whole

Loaded = TypeVar('Loaded')

_FORMAT = 1
# Seconds between looks whether to go on waiting, and how many looks make a line in the log.
_PATIENCE, _NOTICE = 0.5, 20


@dataclass(frozen=True)
class EngineKey:
    """
    Everything that an engine depends on.

    ``model`` is the file's stem, for people; the rest decides: the ``model_sha256`` of its
    content, the ``library`` with its version, the name and compute capability of the device,
    the input ``shapes`` (min, opt, max), the ``precision`` of the graph and build ``settings``.
    """

    model: str
    model_sha256: str
    library: str
    device: str
    compute_capability: str
    shapes: str
    precision: str
    settings: str = ''

    @property
    def file_name(self) -> str:
        """Name the engine file: the model's stem and a digest of all the rest."""
        values = {name: value for name, value in asdict(self).items() if name != 'model'}
        text = json.dumps([_FORMAT, values], sort_keys=True)
        return f'{self.model}-{hashlib.sha256(text.encode()).hexdigest()[:20]}.engine'


class EngineCache:
    """A folder of engines, each with a JSON sidecar that says what it is."""

    def __init__(
        self, folder: Path | None, report: Callable[[str], object],
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """
        Use ``folder``, the user's cache folder when None; ``report`` takes log lines.

        ``go_on`` is asked while waiting for another process and ends that by False.
        """
        self.folder = default_folder() if folder is None else folder.expanduser()
        self._report = report
        self._go_on = go_on

    def path(self, key: EngineKey) -> Path:
        """Tell where the engine of ``key`` lies, or would lie."""
        return self.folder / key.file_name

    def obtain(
        self, key: EngineKey, build: Callable[[], bytes], load: Callable[[bytes], Loaded],
    ) -> Loaded:
        """
        Give what ``load`` makes of the engine of ``key``, which ``build`` makes if need be.

        Of several processes one builds, the others wait for it. A file that is cut short,
        changed, of another key or refused by ``load`` is built anew. Where nothing can be
        written the engine lives in memory only. What ``build`` raises is passed on, and what
        ``load`` raises for a new engine or a device that fails.
        """
        path = self.path(key)
        seen = _state(path)
        found = self._loaded(path, key, load)
        if found is not None:
            return found
        with self._locked(path) as held:
            # Another process may have built it while this one waited.
            if held and _state(path) != seen:
                found = self._loaded(path, key, load)
            if found is not None:
                return found
            begun = datetime.now(timezone.utc)
            serialized = build()
            if held:
                self._store(path, key, serialized, begun)
        return load(serialized)

    def _loaded(
        self, path: Path, key: EngineKey, load: Callable[[bytes], Loaded],
    ) -> Loaded | None:
        try:
            serialized = _verified(path, key)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            self._report(f"the engine '{path}' is not used and is built anew: {error}")
            return None
        try:
            loaded = load(serialized)
        except (DeviceError, BackendMissingError):
            # Not the file's fault.
            raise
        except ModelError as error:
            self._report(f"the engine '{path}' cannot be loaded and is built anew: {error}")
            return None
        self._report(f"engine from '{path}'")
        return loaded

    @contextmanager
    def _locked(self, path: Path) -> Iterator[bool]:
        """Hold the lock of ``path``; gives False, and no lock, where nothing can be written."""
        lock = self._acquired(path)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.release()

    def _acquired(self, path: Path) -> FileLock | None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _check_writable(path.parent)
            return self._waited_for(FileLock(path.with_suffix('.lock')))
        except (OSError, NotImplementedError) as error:
            self._report(f"the engine cache '{path.parent}' cannot be written ({error}): the "
                         'engine is built in memory and is gone when this process ends. Name '
                         'another folder (parameter engine_cache, option --cache)')
            return None

    def _waited_for(self, lock: FileLock) -> FileLock:
        waited = 0
        while True:
            try:
                lock.acquire(timeout=_PATIENCE)
                return lock
            except Timeout:
                if not self._go_on():
                    raise ModelError('ended while another process built the engine') from None
            if waited % _NOTICE == 0:
                self._report(f"another process builds the engine '{lock.lock_file}'; waiting")
            waited += 1

    def _store(self, path: Path, key: EngineKey, serialized: bytes, begun: datetime) -> None:
        seconds = (datetime.now(timezone.utc) - begun).total_seconds()
        sidecar = {'format': _FORMAT, 'key': asdict(key), 'bytes': len(serialized),
                   'sha256': hashlib.sha256(serialized).hexdigest(),
                   'built': begun.isoformat(timespec='seconds'), 'build_seconds': seconds}
        try:
            # The engine first: a sidecar never speaks of a file that is not there yet.
            write_whole(path, serialized, durable=True)
            text = json.dumps(sidecar, indent=2).encode()
            write_whole(path.with_suffix('.json'), text, durable=True)
        except OSError as error:
            self._report(f"the engine could not be kept in '{path}': {error}")
            return
        self._report(f'engine built in {seconds:.1f} s, {len(serialized) / 1e6:.1f} MB, kept as '
                     f"'{path}'")


def default_folder() -> Path:
    """Give the folder for engines below the user's cache folder (XDG)."""
    base = os.environ.get('XDG_CACHE_HOME', '')
    # The standard says that a relative path is to be ignored.
    root = Path(base) if Path(base).is_absolute() else Path.home() / '.cache'
    return root / 'sa4depth_ros' / 'engines'


def content_hash(path: Path) -> str:
    """Give the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _state(path: Path) -> tuple[int, ...]:
    try:
        status = path.with_suffix('.json').stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_ino, status.st_size


def _verified(path: Path, key: EngineKey) -> bytes:
    """Read the engine; FileNotFoundError when there is none, ValueError when it is not it."""
    if not path.is_file():
        raise FileNotFoundError(path)
    sidecar = _sidecar(path.with_suffix('.json'))
    if sidecar.get('format') != _FORMAT or sidecar.get('key') != asdict(key):
        raise ValueError('its sidecar is of another engine')
    serialized = path.read_bytes()
    if len(serialized) != sidecar.get('bytes'):
        raise ValueError(f'expected {sidecar.get("bytes")} bytes, found {len(serialized)}')
    if hashlib.sha256(serialized).hexdigest() != sidecar.get('sha256'):
        raise ValueError('its content was changed')
    return serialized


def _sidecar(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding='utf-8'))
    except FileNotFoundError as error:
        raise ValueError('its sidecar is missing') from error
    if not isinstance(values, dict):
        raise ValueError('its sidecar is no JSON object')  # noqa: TRY004
    return values


def _check_writable(folder: Path) -> None:
    # Permissions do not tell: read-only file systems, full disks.
    with tempfile.TemporaryFile(dir=folder):
        pass

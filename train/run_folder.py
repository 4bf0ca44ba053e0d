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

"""The folder of one training run: what it holds and how it is found again."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
import json
from pathlib import Path
from typing import Any

from sa4depth_ros.errors import ConfigError
from sa4depth_ros.networks.encoders import resolve_encoders
from sa4depth_train.bag_index import fingerprint
from sa4depth_train.config import TrainConfig
from sa4depth_train.config_reader import build_config
from sa4depth_train.worlds.world_cache import WorldCache

_KINDS = ('bags', 'heldout_bags', 'worlds')


@dataclass(frozen=True)
class Source:
    """
    A bag or a cache of rendered worlds that a run uses.

    ``sha256`` is that of its storage, or of all pixels; ``note`` says more for the card.
    """

    path: Path
    sha256: str
    note: str = ''


@dataclass(frozen=True)
class RunFolder:
    """
    Where a run keeps its files.

    ``run.yaml`` (configuration, data and ``command``, the line that started it),
    ``best.safetensors``, ``last.safetensors``, ``metrics.json``, ``state/`` (to resume) and
    ``tensorboard/``.
    """

    path: Path
    config: TrainConfig
    bags: tuple[Source, ...]
    heldout_bags: tuple[Source, ...] = ()
    worlds: tuple[Source, ...] = ()
    command: str = ''

    @property
    def best(self) -> Path:
        """Checkpoint of the epoch with the smallest held-out error."""
        return self.path / 'best.safetensors'

    @property
    def last(self) -> Path:
        """Checkpoint of the last finished epoch."""
        return self.path / 'last.safetensors'

    @property
    def state(self) -> Path:
        """Folder with everything that is needed to resume."""
        return self.path / 'state'

    @property
    def metrics(self) -> Path:
        """JSON file with the metrics of every epoch."""
        return self.path / 'metrics.json'

    @property
    def tensorboard(self) -> Path:
        """Folder of the TensorBoard log."""
        return self.path / 'tensorboard'

    @property
    def resume_command(self) -> str:
        """Command line that goes on with this run."""
        return f'sa4depth train --resume --output {self.path}'

    def write_metrics(self, history: Sequence[dict[str, Any]]) -> None:
        """Write the metrics of all epochs so far."""
        text = json.dumps({'name': self.config.name, 'epochs': list(history)}, indent=1)
        self.metrics.write_text(text + '\n', encoding='utf-8')


def create_run(
    path: Path, config: TrainConfig, bags: Sequence[Path], *,
    heldout_bags: Sequence[Path] = (), worlds: Sequence[Path] = (), command: str = '',
) -> RunFolder:
    """
    Start a new run in ``path``; ConfigError when it holds the results of one.

    ``heldout_bags`` are measured only; ``worlds`` are caches of rendered worlds.
    """
    import yaml
    # One that has failed before its first epoch left nothing to lose.
    if any((path / name).exists() for name in ('state', 'last.safetensors')):
        raise ConfigError(f"'{path}' already holds a run. Go on with it: sa4depth train --resume "
                          f'--output {path}, or choose another --output')
    # What is left to the hub today must be the same when the run is resumed.
    config = resolve_encoders(config)
    run = RunFolder(path, config, tuple(map(_bag, bags)), tuple(map(_bag, heldout_bags)),
                    tuple(map(_cache, worlds)), command)
    path.mkdir(parents=True, exist_ok=True)
    values = {'config': _plain(asdict(config)), 'command': command}
    for kind in _KINDS:
        values[kind] = [{**asdict(source), 'path': str(source.path)}
                        for source in getattr(run, kind)]
    (path / 'run.yaml').write_text(yaml.safe_dump(values, sort_keys=False), encoding='utf-8')
    return run


def open_run(path: Path) -> RunFolder:
    """Open a run to resume it; ConfigError when there is none or its data have changed."""
    import yaml
    file = path / 'run.yaml'
    if not file.is_file():
        raise ConfigError(f"expected a run to resume in '{path}', but it has no run.yaml")
    values = yaml.safe_load(file.read_text(encoding='utf-8'))
    sources = {kind: tuple(Source(**{**source, 'path': Path(source['path'])})
                           for source in values.get(kind, ())) for kind in _KINDS}
    run = RunFolder(path, build_config(values['config']), **sources,
                    command=values.get('command', ''))
    if not run.state.is_dir():
        raise ConfigError(f"the run in '{path}' has saved no state yet; start it anew")
    for bag in (*run.bags, *run.heldout_bags):
        if not bag.path.exists() or fingerprint(bag.path) != bag.sha256:
            raise ConfigError(f"bag '{bag.path}' is gone or has changed since the run started; "
                              'a resumed run would not be the same run')
    for cache in run.worlds:
        if _cache(cache.path) != cache:
            raise ConfigError(f"the worlds in '{cache.path}' have changed since the run started; "
                              'a resumed run would not be the same run')
    return run


def _bag(path: Path) -> Source:
    return Source(path.resolve(), fingerprint(path))


def _cache(path: Path) -> Source:
    cache = WorldCache(path.resolve())
    unseen = sum(world.unseen for world in cache.worlds)
    kinds = ((len(cache) - unseen, 'rendered worlds'), (unseen, 'with unseen surfaces'))
    note = ', '.join(f'{count} {kind}' for count, kind in kinds if count)
    seed = cache.settings.get('seed', 'unknown')
    return Source(cache.path, cache.sha256, f'{note}, {cache.frames} frames, seed {seed}')


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return list(value) if isinstance(value, tuple) else value

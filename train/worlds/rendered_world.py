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

"""One rendered world for the cache: place, camera, path, pictures."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
import hashlib
from pathlib import Path
import time
from typing import Any

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.carriers import draw_carrier
from sa4depth_train.worlds.lens import draw_lens
from sa4depth_train.worlds.place import Place
from sa4depth_train.worlds.places import KINDS, make_place
from sa4depth_train.worlds.renderer import WorldRenderer
from sa4depth_train.worlds.sensor import SensedFrame, Sensor
from sa4depth_train.worlds.sensor_faults import draw_faults
from sa4depth_train.worlds.shots import near_shots, Shots, spaced_shots, video_shots
from sa4depth_train.worlds.world_cache import CachedWorld, millimetres, WorldFrames

# A picture is of no use when more than this share is nearer than so many metres, when less
# than this share has depth, or when its grey values differ by less than this.
_NEAR, _NEAR_SHARE, _SEEN_SHARE, _CONTRAST = 0.35, 1 / 3, 0.05, 3.0
# A picture of one plane is kept so often; of what deviates so much from one always.
_PLANE_WORTH, _UNEVEN = 0.15, 0.06
_ATTEMPTS = 8
# So many worlds are seen from near, when indoors and their pictures are to be apart.
_FROM_NEAR = 0.22
PARTS = ('building', 'drawing', 'sensor', 'writing')


@dataclass(frozen=True)
class WorldsSettings:
    """
    What every world of a cache has in common; ``kind`` '' is any.

    ``rate`` [Hz] makes videos; 0 makes pictures that are 0.3 to 0.5 m or 10 to 20 degrees apart.
    ``unseen`` takes surfaces that other worlds never have.
    """

    seed: int = 0
    frames: int = 40
    width: int = 320
    height: int = 256
    kind: str = ''
    unseen: bool = False
    rate: float = 0.0

    def __post_init__(self) -> None:
        """Refuse impossible settings with ConfigError."""
        checks = (
            (self.seed >= 0, f'--seed must be 0 or more, not {self.seed}.'),
            (1 <= self.frames <= 2000, f'--frames must be 1..2000, not {self.frames}.'),
            (16 <= self.width <= 4096 and 16 <= self.height <= 4096,
             f'--size must be 16..4096 px each way, not {self.width}x{self.height}.'),
            (not self.kind or self.kind in KINDS,
             f'--kind must be one of {", ".join(KINDS)}, not {self.kind!r}.'),
            (self.rate == 0 or 0.1 <= self.rate <= 1000,
             f'--rate must be 0.1..1000 Hz, or 0 for pictures apart, not {self.rate}.'),
        )
        for good, message in checks:
            if not good:
                raise ConfigError(message)

    def described(self) -> dict[str, Any]:
        """Give what an index says: the settings and the hash of the code that renders."""
        return {**asdict(self), 'code': _code_hash()}


@dataclass(frozen=True, eq=False)
class RenderedWorld:
    """The frames of one world, its entry without a hash, and seconds by part of the work."""

    frames: WorldFrames
    entry: CachedWorld
    seconds: dict[str, float]


def render_world(settings: WorldsSettings, index: int) -> RenderedWorld:
    """
    Render world number ``index``: the same for the same settings, whatever else is rendered.

    A place where no good pictures can be taken is replaced by another. Raises ConfigError when
    nothing can be rendered on this machine, or when place after place is no good.
    """
    reason, watch = '', _Watch()
    for attempt in range(_ATTEMPTS):
        seed = world_seed(settings, index, attempt)
        try:
            with watch.measured('building'):
                place = make_place(seed, settings.kind, settings.unseen)
            return _visited(place, seed, settings, folder_name(index), watch)
        except _NothingToSeeError as error:
            reason = str(error)
    raise ConfigError(f'expected a place with {settings.frames} pictures worth taking, got none '
                      f'in {_ATTEMPTS} attempts at world {index} ({reason}); choose another '
                      '--seed or --kind')


def world_seed(settings: WorldsSettings, index: int, attempt: int = 0) -> int:
    """Give the seed of one world, with nothing in common with any other's."""
    key = (settings.seed, index, attempt, int(settings.unseen))
    return int(np.random.SeedSequence(key).generate_state(1, np.uint32)[0])


def folder_name(index: int) -> str:
    """Name the folder of a world in its cache."""
    return f'{index:06d}'


def worth(rgb: np.ndarray, depth: np.ndarray) -> float:
    """
    Give how much a picture teaches, 0 to 1: nothing when it shows what it nearly touches or sky.

    One plane alone counts for little, however it is lit.
    """
    near = ((depth > 0) & (depth < _NEAR)).mean()
    seen = depth[::8, ::8] > 0
    if near > _NEAR_SHARE or seen.mean() < _SEEN_SHARE or rgb[::2, ::2].std() < _CONTRAST:
        return 0.0
    # The inverse depth of a plane is linear in the pixels.
    v, u = np.nonzero(seen)
    inverse = 1.0 / depth[::8, ::8][seen]
    basis = np.stack([u, v, np.ones_like(u)], 1)
    plane, *_ = np.linalg.lstsq(basis, inverse, rcond=None)
    uneven = float(np.abs(inverse - basis @ plane).mean() / inverse.mean())
    return min(_PLANE_WORTH + uneven / _UNEVEN, 1.0)


class _NothingToSeeError(Exception):
    """A place without enough pictures worth taking."""


class _Watch:

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)

    @contextmanager
    def measured(self, part: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - start


def _visited(place: Place, seed: int, settings: WorldsSettings, folder: str,
             watch: _Watch) -> RenderedWorld:
    rng = np.random.default_rng((seed, 1))
    with watch.measured('building'):
        sensor = Sensor(draw_lens(settings.width, settings.height, rng), draw_faults(rng), rng)
        carrier, shots = _planned(place, settings, rng)
    chosen, taken = _photographed(place, sensor, shots, settings, rng, watch)
    if len(taken) < settings.frames:
        raise _NothingToSeeError(f'{len(taken)} of {len(shots)} in a {place.kind}')
    frames = WorldFrames(
        np.stack([frame.rgb for frame in taken]),
        np.stack([millimetres(frame.depth) for frame in taken]), sensor.lens.K.copy(),
        shots.poses[chosen], shots.stamps[chosen])
    entry = CachedWorld(folder, place.kind, seed, settings.unseen, carrier, len(taken), '')
    return RenderedWorld(frames, entry, watch.seconds)


def _planned(place: Place, settings: WorldsSettings,
             rng: np.random.Generator) -> tuple[str, Shots]:
    indoors = np.isfinite(place.ceiling)
    if not settings.rate and indoors and rng.random() < _FROM_NEAR:
        with suppress(ConfigError):
            return 'near', near_shots(place, settings.frames, rng)
    carrier = draw_carrier(place, rng)
    try:
        if settings.rate:
            return carrier.name, video_shots(place, carrier, settings.frames, settings.rate, rng)
        return carrier.name, spaced_shots(place, carrier, settings.frames, rng)
    except ConfigError as error:
        raise _NothingToSeeError(str(error)) from error


def _photographed(place: Place, sensor: Sensor, shots: Shots, settings: WorldsSettings,
                  rng: np.random.Generator, watch: _Watch) -> tuple[list[int], list[SensedFrame]]:
    width, height = sensor.lens.drawn_size
    luck = rng.random(len(shots))
    chosen: list[int] = []
    taken: list[SensedFrame] = []
    with watch.measured('building'):
        renderer = WorldRenderer(place.world, width=width, height=height, K=sensor.lens.K_drawn)
    with renderer:
        for index in range(len(shots)):
            if len(taken) == settings.frames:
                break
            with watch.measured('drawing'):
                rgb, depth = renderer.render(shots.poses[index])
            if settings.rate == 0 and luck[index] >= worth(rgb, depth):
                continue
            with watch.measured('sensor'):
                taken.append(sensor.expose(rgb, depth, shots.turning[index],
                                           float(shots.stamps[index])))
            chosen.append(index)
    return chosen, taken


def _code_hash() -> str:
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for file in sorted(folder.rglob('*.py')):
        digest.update(file.relative_to(folder).as_posix().encode() + b'\0' + file.read_bytes())
    return digest.hexdigest()

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

"""Render a recording: world, path, colour, depth, odometry and ground truth into one bag."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.worlds.recorded_scene import (
    check_kind, place_scene, RecordedScene, room_scene)
from sa4depth_train.worlds.recording_writer import RecordedFrame, RecordingWriter
from sa4depth_train.worlds.renderer import WorldRenderer

START_STAMP = 1_600_000_000 * 10 ** 9
# Of the furnished room, in degrees; cameras in other worlds differ.
ROOM_HFOV = 75.0


@dataclass(frozen=True)
class RenderSettings:
    """
    What to render: ``hfov`` is the horizontal field of view in degrees, ``world`` a kind of place.

    Without ``world`` it is the furnished room, a robot and a perfect camera of 75 degrees;
    elsewhere carrier, camera and its faults vary with the seed, and ``hfov`` None is any.
    """

    seed: int = 0
    frames: int = 120
    rate: float = 15.0
    width: int = 480
    height: int = 360
    hfov: float | None = None
    jpeg_quality: int = 92
    world: str = ''

    def __post_init__(self) -> None:
        """Refuse impossible settings with ConfigError."""
        checks = (
            (self.seed >= 0, f'--seed must be 0 or more, not {self.seed}.'),
            (self.frames >= 2, f'--frames must be at least 2, not {self.frames}.'),
            (0.1 <= self.rate <= 1000, f'--rate must be 0.1..1000 Hz, not {self.rate}.'),
            (16 <= self.width <= 4096 and 16 <= self.height <= 4096,
             f'--size must be 16..4096 px each way, not {self.width}x{self.height}.'),
            (self.hfov is None or 10 <= self.hfov <= 150,
             f'--hfov must be 10..150 degrees, not {self.hfov}.'),
            (1 <= self.jpeg_quality <= 100,
             f'--jpeg-quality must be 1..100, not {self.jpeg_quality}.'),
        )
        for good, message in checks:
            if not good:
                raise ConfigError(message)
        if self.world:
            check_kind(self.world)


def render_recording(output: Path, settings: RenderSettings,
                     progress: Callable[[], object] | None = None) -> None:
    """
    Render into the new bag ``output``, calling ``progress`` after every frame.

    The same settings give the same images, depths and poses on the same machine. Raises
    BagError when the bag cannot be written, ConfigError when nothing can be rendered here.
    """
    if output.exists():
        raise BagError(f'{output} exists already; remove it or choose another --output.')
    scene = _scene(settings)
    width, height = scene.lens.drawn_size
    with WorldRenderer(scene.world, width=width, height=height,
                       K=scene.lens.K_drawn) as renderer, \
            RecordingWriter(output, scene.lens, scene.T_base_camera, notes=_notes(settings),
                            jpeg_quality=settings.jpeg_quality) as writer:
        for index in range(settings.frames):
            writer.write(_frame(scene, renderer, index))
            if progress is not None:
                progress()


def _scene(settings: RenderSettings) -> RecordedScene:
    seed, frames, rate = settings.seed, settings.frames, settings.rate
    size = settings.width, settings.height
    if not settings.world:
        return room_scene(seed, frames, rate, size, np.radians(settings.hfov or ROOM_HFOV))
    hfov = None if settings.hfov is None else float(np.radians(settings.hfov))
    return place_scene(settings.world, seed, frames, rate, size, hfov)


def _frame(scene: RecordedScene, renderer: WorldRenderer, index: int) -> RecordedFrame:
    shots, odometry = scene.shots, scene.odometry
    color, depth = renderer.render(shots.poses[index])
    stamp = float(shots.stamps[index])
    if scene.sensor is not None:
        sensed = scene.sensor.expose(color, depth, shots.turning[index], stamp)
        color, depth = sensed.rgb, sensed.depth
    return RecordedFrame(
        START_STAMP + round(stamp * 1e9), color, depth, shots.poses[index],
        odometry.poses[index], odometry.velocity[index], odometry.deviation[index])


def _notes(settings: RenderSettings) -> dict[str, str]:
    given = ', '.join(f'{name} {value}' for name, value in asdict(settings).items()
                      if value not in (None, ''))
    return {'origin': f'rendered by sa4depth render-bag ({given})', 'licence': 'Apache-2.0',
            'depth': 'exact z-depth in mm, 0 where the ray leaves the world'}

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

"""Render a recording: room, drive, colour, depth, odometry and ground truth into one bag."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.worlds.camera_path import camera_mount, drive_through
from sa4depth_train.worlds.odometry import wheel_odometry
from sa4depth_train.worlds.recording_writer import RecordedFrame, RecordingWriter
from sa4depth_train.worlds.renderer import WorldRenderer
from sa4depth_train.worlds.room import furnished_room

START_STAMP = 1_600_000_000 * 10 ** 9


@dataclass(frozen=True)
class RenderSettings:
    """What to render: ``hfov`` is the horizontal field of view in degrees."""

    seed: int = 0
    frames: int = 120
    rate: float = 15.0
    width: int = 480
    height: int = 360
    hfov: float = 75.0
    jpeg_quality: int = 92

    def __post_init__(self) -> None:
        """Refuse impossible settings with ConfigError."""
        checks = (
            (self.seed >= 0, f'--seed must be 0 or more, not {self.seed}.'),
            (self.frames >= 2, f'--frames must be at least 2, not {self.frames}.'),
            (0.1 <= self.rate <= 1000, f'--rate must be 0.1..1000 Hz, not {self.rate}.'),
            (16 <= self.width <= 4096 and 16 <= self.height <= 4096,
             f'--size must be 16..4096 px each way, not {self.width}x{self.height}.'),
            (10 <= self.hfov <= 150, f'--hfov must be 10..150 degrees, not {self.hfov}.'),
            (1 <= self.jpeg_quality <= 100,
             f'--jpeg-quality must be 1..100, not {self.jpeg_quality}.'),
        )
        for good, message in checks:
            if not good:
                raise ConfigError(message)


def render_recording(output: Path, settings: RenderSettings,
                     progress: Callable[[], object] | None = None) -> None:
    """
    Render into the new bag ``output``, calling ``progress`` after every frame.

    The same settings give the same images, depths and poses on the same machine. Raises
    BagError when the bag cannot be written, ConfigError when nothing can be rendered here.
    """
    if output.exists():
        raise BagError(f'{output} exists already; remove it or choose another --output.')
    base = drive_through(settings.seed, settings.frames)
    odometry = wheel_odometry(base, settings.rate, settings.seed)
    cameras = base @ camera_mount()
    world = furnished_room(settings.seed)
    with WorldRenderer(world, width=settings.width, height=settings.height,
                       hfov=np.radians(settings.hfov)) as renderer, \
            RecordingWriter(output, renderer.K, camera_mount(), notes=_notes(settings),
                            jpeg_quality=settings.jpeg_quality) as writer:
        for index in range(settings.frames):
            color, depth = renderer.render(cameras[index])
            writer.write(RecordedFrame(
                START_STAMP + round(index * 1e9 / settings.rate), color, depth, cameras[index],
                odometry.poses[index], odometry.velocity[index], odometry.deviation[index]))
            if progress is not None:
                progress()


def _notes(settings: RenderSettings) -> dict[str, str]:
    given = ', '.join(f'{name} {value}' for name, value in asdict(settings).items())
    return {'origin': f'rendered by sa4depth render-bag ({given})', 'licence': 'Apache-2.0',
            'depth': 'exact z-depth in mm, 0 where the ray leaves through the window'}

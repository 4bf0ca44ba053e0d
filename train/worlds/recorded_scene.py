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

"""What a rendered recording shows and what its robot reports: a world, cameras, odometry."""

from dataclasses import dataclass, replace

import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.camera_path import camera_mount, drive_through, planar_poses
from sa4depth_train.worlds.carriers import Carrier, draw_carrier
from sa4depth_train.worlds.lens import centred_lens, draw_lens, Lens
from sa4depth_train.worlds.odometry import carried_odometry, Odometry, wheel_odometry
from sa4depth_train.worlds.places import KINDS, make_place
from sa4depth_train.worlds.room import furnished_room
from sa4depth_train.worlds.sensor import Sensor
from sa4depth_train.worlds.sensor_faults import draw_faults
from sa4depth_train.worlds.shots import Shots, video_shots
from sa4depth_train.worlds.world import World

ANY = 'random'


@dataclass(frozen=True, eq=False)
class RecordedScene:
    """A world, the shots of its camera, odometry, T_base_camera (4, 4); perfect if no sensor."""

    world: World
    shots: Shots
    odometry: Odometry
    T_base_camera: np.ndarray
    lens: Lens
    sensor: Sensor | None


def check_kind(kind: str) -> None:
    """Raise ConfigError when `place_scene` knows no such kind of place."""
    if kind not in (ANY, *KINDS):
        raise ConfigError(f"expected --world {ANY} or one of {', '.join(KINDS)}, got '{kind}'")


def room_scene(seed: int, frames: int, rate: float, size: tuple[int, int],
               hfov: float) -> RecordedScene:
    """Plan a robot's drive through the furnished room with a perfect camera, hfov in rad."""
    base = drive_through(seed, frames)
    stamps = np.arange(frames) / rate
    return RecordedScene(furnished_room(seed), Shots(base @ camera_mount(), stamps,
                                                     np.zeros((frames, 3))),
                         wheel_odometry(base, rate, seed), camera_mount(),
                         centred_lens(*size, hfov), None)


def place_scene(kind: str, seed: int, frames: int, rate: float, size: tuple[int, int],
                hfov: float | None) -> RecordedScene:
    """
    Plan a video through a place of a kind (``ANY`` for any) with a camera and its faults.

    The camera's pictures are raw: ``sensor.lens`` has K_raw and D.
    """
    place = make_place(seed, '' if kind == ANY else kind)
    rng = np.random.default_rng((seed, 3))
    lens = draw_lens(*size, rng, rectified=False, hfov=hfov)
    # The recording compresses its pictures itself.
    sensor = Sensor(lens, replace(draw_faults(rng), quality=0), rng)
    carrier = draw_carrier(place, rng)
    shots = video_shots(place, carrier, frames, rate, rng)
    mount = _mount(carrier)
    base = shots.poses @ np.linalg.inv(mount)
    odometry = (wheel_odometry(_on_floor(base), rate, seed) if carrier.name == 'robot'
                else carried_odometry(base, rate, seed))
    return RecordedScene(place.world, shots, odometry, mount, lens, sensor)


def _mount(carrier: Carrier) -> np.ndarray:
    # Of a robot the base is on the floor, of others it is where the camera is.
    if carrier.name != 'robot':
        return camera_mount(0.0, (0.0, 0.0, 0.0))
    return camera_mount(-carrier.pitch[0], (0.0, 0.0, carrier.low))


def _on_floor(base: np.ndarray) -> np.ndarray:
    return planar_poses(base[:, :2, 3], np.arctan2(base[:, 1, 0], base[:, 0, 0]))

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

"""Camera paths through a place: walking, sidestepping, looking around, standing still."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sa4depth_train.worlds.carriers import Carrier, draw_carrier
from sa4depth_train.worlds.free_floor import CELL, CLEARANCE, FreeFloor
from sa4depth_train.worlds.place import Place

# What a camera does for a while: (how often, speed, how far off its way it looks [deg]).
_MANNERS = {
    'ahead': (0.44, 1.0, (0.0, 25.0)),
    'sideways': (0.20, 0.8, (45.0, 120.0)),
    'backwards': (0.04, 0.6, (150.0, 180.0)),
    'look': (0.24, 0.0, (30.0, 180.0)),
    'stop': (0.08, 0.0, (0.0, 4.0)),
}
_SECONDS = (0.8, 3.0)
_CHOICES = 6
# How quickly the gaze follows [1/s], and how much faster than usual it may turn.
_STIFFNESS, _HURRY = 3.2, (0.5, 1.9)
# Of the distances that a way keeps from everything [m].
_WIDEST = 0.7
_LIMITS = {'pitch': np.radians(32.0), 'roll': np.radians(20.0)}


@dataclass(frozen=True)
class _Segment:
    manner: str
    first: int
    last: int


def camera_path(place: Place, frames: int, rate: float, rng: np.random.Generator,
                carrier: Carrier | None = None) -> NDArray[np.float64]:
    """
    Plan T_world_camera (frames, 4, 4), optical axes, metres, at ``rate`` Hz.

    The path is smooth and keeps 0.25 m away from blocks and from the border of the regions.
    Without a ``carrier`` one is drawn. Raises ConfigError when the place has no free floor.
    """
    carrier = carrier or draw_carrier(place, rng)
    floor = FreeFloor(place, carrier.low, carrier.high, rng.uniform(CLEARANCE, _WIDEST))
    segments = _segments(frames, rate, rng)
    speed = _speeds(segments, frames, rate, carrier, rng)
    along = np.concatenate([[0.0], np.cumsum(speed[:-1]) / rate])
    way = floor.way(float(along[-1]), rng)
    position = _at(way, along)
    heading = _headings(way, along)
    yaw = _gazes(segments, floor, position, heading, rate, carrier, rng)
    pitch, roll = _tilts(frames, rate, carrier, rng)
    height = _heights(frames, rate, carrier, rng)
    moving = speed / max(carrier.speed, 1e-6)
    if not carrier.level:
        position, height = _swayed(position, height, yaw, moving, rate, floor, carrier)
    shake = carrier.tremor * np.stack([_wander(rng, frames, rate, 0.12) for _ in range(3)])
    return poses_looking(np.column_stack([position, height]), yaw + shake[0], pitch + shake[1],
                         roll + shake[2])


def poses_looking(position: np.ndarray, yaw: np.ndarray, pitch: np.ndarray,
                  roll: np.ndarray) -> NDArray[np.float64]:
    """
    Stack T_world_camera (n, 4, 4) at positions (n, 3), optical axes, from angles (n) in rad.

    Yaw is counted from x to y, pitch is up, roll leans the camera to its right.
    """
    forward = np.stack([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch),
                        np.sin(pitch)], 1)
    right = np.stack([np.sin(yaw), -np.cos(yaw), np.zeros_like(yaw)], 1)
    down = np.cross(forward, right)
    c, s = np.cos(roll)[:, None], np.sin(roll)[:, None]
    poses = np.tile(np.eye(4), (len(yaw), 1, 1))
    poses[:, :3, :3] = np.stack([c * right + s * down, c * down - s * right, forward], 2)
    poses[:, :3, 3] = position
    return poses


def _segments(frames: int, rate: float, rng: np.random.Generator) -> list[_Segment]:
    names, shares = list(_MANNERS), [share for share, *_ in _MANNERS.values()]
    segments, first = [], 0
    while first < frames:
        last = min(first + max(2, round(rng.uniform(*_SECONDS) * rate)), frames)
        segments.append(_Segment(str(rng.choice(names, p=shares)), first, last))
        first = last
    return segments


def _speeds(segments: list[_Segment], frames: int, rate: float, carrier: Carrier,
            rng: np.random.Generator) -> np.ndarray:
    speed = np.zeros(frames)
    for segment in segments:
        share = _MANNERS[segment.manner][1] * rng.uniform(0.6, 1.3)
        speed[segment.first:segment.last] = share * carrier.speed
    return _softened(speed, 0.3 * rate)


def _at(way: np.ndarray, along: np.ndarray) -> np.ndarray:
    steps = np.arange(len(way)) * CELL
    return np.stack([np.interp(along, steps, way[:, axis]) for axis in range(2)], 1)


def _headings(way: np.ndarray, along: np.ndarray) -> np.ndarray:
    step = _at(way, along + 0.3) - _at(way, along - 0.3)
    heading = np.arctan2(step[:, 1], step[:, 0])
    still = np.linalg.norm(step, axis=1) < 1e-6
    return np.where(still, 0.0, heading)


def _gazes(segments: list[_Segment], floor: FreeFloor, position: np.ndarray,
           heading: np.ndarray, rate: float, carrier: Carrier,
           rng: np.random.Generator) -> np.ndarray:
    wanted = np.zeros(len(position))
    yaw = float(heading[0]) if carrier.name == 'robot' else float(rng.uniform(-np.pi, np.pi))
    before = yaw
    for segment in segments:
        frames = slice(segment.first, segment.last)
        middle = (segment.first + segment.last) // 2
        still = _MANNERS[segment.manner][1] == 0
        # On the spot a camera turns from where it looked, on its way from where that leads.
        reference = before if still else heading[middle]
        low, high = np.radians(_MANNERS[segment.manner][2])
        offsets = rng.uniform(low, high, _CHOICES) * rng.choice([-1.0, 1.0], _CHOICES)
        offset = rng.choice(offsets, p=_interest(floor, position[middle], reference + offsets))
        wanted[frames] = (reference if still else heading[frames]) + offset
        before = wanted[segment.last - 1]
    return _followed(wanted, yaw, rate, carrier.turn * rng.uniform(*_HURRY))


def _interest(floor: FreeFloor, point: np.ndarray, yaw: np.ndarray) -> np.ndarray:
    # People look where there is something, and rather across a room than at the next wall.
    reach, things = floor.sight(point, yaw)
    weights = (np.minimum(reach, 5.0) + 0.1) * (0.2 + np.minimum(things, 1.5))
    return weights / weights.sum()


def _followed(wanted: np.ndarray, yaw: float, rate: float, fastest: float) -> np.ndarray:
    # A critically damped spring, in small steps, with a limit to its speed.
    result, velocity, parts = np.empty(len(wanted)), 0.0, max(1, round(60.0 / rate))
    step = 1.0 / (rate * parts)
    for index, target in enumerate(wanted):
        result[index] = yaw
        for _ in range(parts):
            off = (target - yaw + np.pi) % (2 * np.pi) - np.pi
            velocity += step * (_STIFFNESS ** 2 * off - 2 * _STIFFNESS * velocity)
            velocity = min(max(velocity, -fastest), fastest)
            yaw += step * velocity
    return result


def _tilts(frames: int, rate: float, carrier: Carrier,
           rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    mean, deviation = carrier.pitch
    pitch = mean + deviation * _wander(rng, frames, rate, 0.9)
    roll = carrier.sway * _wander(rng, frames, rate, 0.8)
    return (np.clip(pitch, -_LIMITS['pitch'], _LIMITS['pitch']),
            np.clip(roll, -_LIMITS['roll'], _LIMITS['roll']))


def _heights(frames: int, rate: float, carrier: Carrier,
             rng: np.random.Generator) -> np.ndarray:
    middle, half = (carrier.low + carrier.high) / 2, (carrier.high - carrier.low) / 2
    return middle + 0.9 * half * np.tanh(1.2 * _wander(rng, frames, rate, 1.5))


def _swayed(position: np.ndarray, height: np.ndarray, yaw: np.ndarray, moving: np.ndarray,
            rate: float, floor: FreeFloor, carrier: Carrier) -> tuple[np.ndarray, np.ndarray]:
    # Two steps a second; each shifts the body sideways and lifts it twice.
    phase = 2 * np.pi * 0.95 * np.arange(len(yaw)) / rate
    step = moving * (1.0 if carrier.name == 'hand' else 0.3)
    side = 0.012 * step * np.sin(phase)
    moved = position + side[:, None] * np.stack([np.sin(yaw), -np.cos(yaw)], 1)
    near = floor.clearance(moved) < CLEARANCE
    return (np.where(near[:, None], position, moved),
            np.clip(height + 0.015 * step * np.sin(2 * phase), carrier.low, carrier.high))


def _wander(rng: np.random.Generator, frames: int, rate: float, seconds: float) -> np.ndarray:
    """Draw smooth noise of variance 1 (frames) that changes within ``seconds``."""
    width = seconds * rate
    reach = int(np.ceil(3 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width, 1e-3)) ** 2)
    noise = rng.standard_normal(frames + 2 * reach)
    return np.convolve(noise, kernel / np.linalg.norm(kernel), 'valid')


def _softened(values: np.ndarray, width: float) -> np.ndarray:
    reach = int(np.ceil(3 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(width, 1e-3)) ** 2)
    return np.convolve(np.pad(values, reach, mode='edge'), kernel / kernel.sum(), 'valid')

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

"""Views from near: a camera before desks, counters and shelves, that moves aside slowly."""

from dataclasses import dataclass

import cv2
import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.paths import poses_looking
from sa4depth_train.worlds.place import Place

# Of a thing worth a look: its shorter side, and the least and the greatest height [m].
_SIDE, _LOWEST, _HIGHEST = (0.3, 3.0), 0.35, 1.3
# What begins above this height [m] stands on something.
_ON_TOP = 0.3
# How often what carries nothing is looked at, beside what does.
_BARE = 0.12
# From the eye to what it looks at [m], how far down [deg], and above a top [m].
_REACH, _DOWN, _ABOVE = (0.5, 1.25), (16.0, 50.0), (0.3, 0.9)
# Things whose top is out of sight are looked at between these heights [m].
_FRONT = (0.6, 1.35)
_CLEARANCE, _BORDER, _TALLEST = 0.2, 0.25, 2.0
# A stand: how far the eye goes aside [m], turns about the thing and looks off it [deg].
_ASIDE, _ABOUT, _OFF = (0.08, 0.35), 14.0, (12.0, 6.0)
_TRIES = 60


@dataclass(frozen=True)
class _Stand:
    focus: np.ndarray
    azimuth: float
    down: float
    reach: float


def near_poses(place: Place, frames: int, rate: float,
               rng: np.random.Generator) -> np.ndarray:
    """
    Plan T_world_camera (frames, 4, 4) of a video at ``rate`` Hz that looks at one thing from near.

    The camera keeps 0.2 m from all blocks; it may lean over what is lower. Raises ConfigError
    when the place has nothing that can be seen so.
    """
    boxes = _boxes(place)
    worth = _worth(boxes)
    for attempt in range(_TRIES if worth.any() else 0):
        stand = _drawn_stand(*boxes[rng.choice(len(boxes), p=worth / worth.sum())], rng)
        if not _free(place, boxes, _eye(stand)[None]) or not _sees(boxes, stand):
            continue
        calm = 1.0 - attempt / _TRIES
        eyes, focus = _moves(stand, frames, rate, calm, rng)
        if _free(place, boxes, eyes):
            return _looking(eyes, focus, rate, rng)
    raise ConfigError(f'expected a {place.kind} with a table, shelf or the like to look at from '
                      'near, got none that can be seen; take another carrier')


def _boxes(place: Place) -> np.ndarray:
    blocks = place.world.blocks
    return np.array([[block.low, block.high] for block in blocks]).reshape(-1, 2, 3)


def _worth(boxes: np.ndarray) -> np.ndarray:
    # What carries other things is worth most looks.
    low, high = boxes[:, 0], boxes[:, 1]
    side = (high - low)[:, :2].min(1)
    fit = ((side > _SIDE[0]) & (side < _SIDE[1]) & (low[:, 2] < _ON_TOP) & (high[:, 2] > _LOWEST))
    inside = ((low[:, None, :2] < low[None, :, :2] + 0.1)
              & (high[:, None, :2] > high[None, :, :2] - 0.1)).all(2)
    laden = inside.sum(1) > 1
    return fit * np.where(laden, 1.0, _BARE)


def _drawn_stand(low: np.ndarray, high: np.ndarray, rng: np.random.Generator) -> _Stand:
    azimuth = float(rng.uniform(-np.pi, np.pi))
    down, reach = np.radians(rng.uniform(*_DOWN)), float(rng.uniform(*_REACH))
    focus = rng.uniform(low, high)
    if high[2] < _HIGHEST:
        focus[2] = high[2]
        lift = np.clip(reach * np.sin(down), *_ABOVE)
        down = np.arctan2(lift, reach * np.cos(down))
    else:
        focus[2] = rng.uniform(*_FRONT)
        # On the side that is turned to the eye.
        towards = np.cos(azimuth), np.sin(azimuth)
        axis = int(np.argmax(np.abs(towards)))
        focus[axis] = (low if towards[axis] > 0 else high)[axis]
    return _Stand(focus, azimuth, float(down), reach)


def _eye(stand: _Stand) -> np.ndarray:
    c, s = np.cos(stand.down), np.sin(stand.down)
    return stand.focus - stand.reach * np.array([c * np.cos(stand.azimuth),
                                                 c * np.sin(stand.azimuth), -s])


def _free(place: Place, boxes: np.ndarray, points: np.ndarray) -> bool:
    inside = np.zeros(len(points), bool)
    for x0, x1, y0, y1 in place.regions:
        inside |= ((points[:, 0] > x0 + _BORDER) & (points[:, 0] < x1 - _BORDER)
                   & (points[:, 1] > y0 + _BORDER) & (points[:, 1] < y1 - _BORDER))
    top = min(place.ceiling - _BORDER, _TALLEST)
    if not inside.all() or (points[:, 2] > top).any():
        return False
    off = np.maximum(boxes[:, 0] - points[:, None], points[:, None] - boxes[:, 1]).clip(0)
    return bool((np.linalg.norm(off, axis=2) >= _CLEARANCE).all())


def _sees(boxes: np.ndarray, stand: _Stand) -> bool:
    # Nothing between the eye and shortly before the focus, so that no back hides all.
    eye = _eye(stand)
    ray = eye + np.linspace(0, 0.75, 12)[:, None] * (stand.focus - eye)
    standing = boxes[boxes[:, 0, 2] < _ON_TOP]
    within = (ray[:, None] > standing[:, 0]) & (ray[:, None] < standing[:, 1])
    return not within.all(2).any()


def _moves(stand: _Stand, frames: int, rate: float, calm: float,
           rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    side = np.array([np.sin(stand.azimuth), -np.cos(stand.azimuth), 0.0])
    aside = calm * rng.uniform(*_ASIDE) * _wander(rng, frames, rate)
    reach = stand.reach * (1 + 0.1 * calm * np.tanh(_wander(rng, frames, rate)))
    azimuth = stand.azimuth + np.radians(_ABOUT) * calm * _wander(rng, frames, rate)
    c, s = np.cos(stand.down), np.sin(stand.down)
    towards = np.stack([c * np.cos(azimuth), c * np.sin(azimuth), np.full(frames, -s)], 1)
    focus = stand.focus + aside[:, None] * side
    return focus - reach[:, None] * towards, focus


def _looking(eyes: np.ndarray, focus: np.ndarray, rate: float,
             rng: np.random.Generator) -> np.ndarray:
    gaze = focus - eyes
    off = [np.radians(span) * _wander(rng, len(eyes), rate) for span in _OFF]
    yaw = np.unwrap(np.arctan2(gaze[:, 1], gaze[:, 0])) + off[0]
    # Rather beyond the thing than at its edge.
    rise = np.radians(rng.uniform(-6.0, 9.0))
    pitch = np.arctan2(gaze[:, 2], np.hypot(gaze[:, 0], gaze[:, 1])) + rise + off[1]
    roll = np.radians(rng.choice([0.0, 2.0, 6.0])) * _wander(rng, len(eyes), rate)
    return poses_looking(eyes, yaw, np.clip(pitch, np.radians(-55.0), 0.1), roll)


def _wander(rng: np.random.Generator, frames: int, rate: float) -> np.ndarray:
    # Smooth noise of variance 1 that changes within about two seconds.
    width = 1.6 * rate
    noise = rng.standard_normal((1, frames + 2 * round(3 * width) + 1))
    smooth = cv2.GaussianBlur(noise, (0, 0), width, sigmaY=1e-3)
    first = (smooth.shape[1] - frames) // 2
    return smooth[0, first:first + frames] * np.sqrt(2 * np.sqrt(np.pi) * width)

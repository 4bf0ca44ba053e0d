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

"""The faults of one camera: what tells its pictures from perfect ones."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class SensorFaults:
    """
    Faults that stay the same for a camera; light is linear, 1 is white.

    Exposure: ``level`` is the mean light that automatic exposure wants, ``follow`` 0..1 how far
    it gets there, ``hold`` [s] how long that takes, ``drift`` and ``jumps`` (deviation and share
    of the frames) how it errs; ``shutter`` [s].

    Colour: ``colors`` (3, 3) is white balance and saturation, ``wander`` its deviation over
    time, ``gamma``, ``contrast`` and ``black`` are its curve, ``headroom`` is how much brighter
    than white the brightest things are.

    Optics: ``falloff`` of light in the corners, ``glare`` scattered over the picture, ``blur``
    [px], ``hunting`` the share of frames out of focus.

    Electronics: ``shot`` is the variance of noise per light, ``read`` a deviation, both at gain
    1; ``grain`` says that noise is blotchy; ``sharpen`` is how much edges are overdrawn within
    ``halo`` [px]; ``quality`` of the JPEG, 0 for none.
    """

    level: float
    follow: float
    hold: float
    drift: float
    jumps: float
    shutter: float
    colors: np.ndarray
    wander: float
    gamma: float
    contrast: float
    black: float
    headroom: float
    falloff: float
    glare: float
    blur: float
    hunting: float
    shot: float
    read: float
    grain: bool
    sharpen: float
    halo: float
    quality: int


def draw_faults(rng: np.random.Generator) -> SensorFaults:
    """Draw a camera, from a good one in good light to a poor one in the dark."""
    def often(share: float, low: float, high: float, otherwise: float = 0.0) -> float:
        value = float(rng.uniform(low, high))
        return value if rng.random() < share else otherwise

    def spread(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    return SensorFaults(
        level=float(rng.uniform(0.33, 0.74)) ** 2.2, follow=float(rng.uniform(0.5, 1.0)),
        hold=spread(0.1, 1.2), drift=often(0.7, 0.02, 0.16), jumps=often(0.4, 0.0, 0.08),
        shutter=spread(1 / 250, 1 / 40), colors=_colors(rng), wander=often(0.5, 0.0, 0.04),
        gamma=float(rng.uniform(1.9, 2.5)), contrast=often(0.8, -0.1, 1.25),
        black=often(0.6, -0.10, 0.03), headroom=spread(1.0, 4.0),
        falloff=often(0.7, 0.0, 0.5), glare=often(0.4, 0.0, 0.07),
        blur=often(0.6, 0.2, 0.9), hunting=often(0.25, 0.0, 0.08),
        shot=spread(1 / 40000, 1 / 1500), read=spread(0.0004, 0.005),
        grain=bool(rng.random() < 0.5), sharpen=often(0.6, 0.1, 1.3),
        halo=float(rng.uniform(0.6, 1.4)), quality=round(often(0.85, 45, 96)))


def _colors(rng: np.random.Generator) -> np.ndarray:
    saturation = 0.0 if rng.random() < 0.03 else float(rng.uniform(0.6, 1.4))
    grey = np.array([0.299, 0.587, 0.114])
    balance = np.exp(rng.normal(0.0, 0.09, 3))
    balance /= balance @ grey
    return (saturation * np.eye(3) + (1 - saturation) * grey) @ np.diag(balance)

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

"""People-sized figures of turned and soft bodies, standing or sitting."""

import numpy as np
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import Piece, soft, stretched, tube
from sa4depth_train.worlds.shapes import ball
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator
SKIN = ((236, 196, 170), (214, 164, 130), (172, 120, 88), (120, 80, 58), (84, 56, 42))
HAIR = ((40, 30, 26), (80, 56, 38), (150, 116, 70), (120, 118, 116), (20, 18, 18))


def person(rng: Rng, palette: Palette, *, sitting: bool = False) -> Piece:
    """Make a person who faces -y, 1.5 to 1.95 m tall, on their feet or on a seat of 0.45 m."""
    tall = float(rng.uniform(1.5, 1.95))
    s = tall / 1.75
    skin = palette.plain(SKIN[int(rng.integers(len(SKIN)))])
    top, bottom = palette.pick('fabric'), palette.pick('fabric')
    hip = 0.5 if sitting else 0.92 * s
    parts = _legs(rng, bottom, palette, s, hip, sitting=sitting)
    wide = float(rng.uniform(0.36, 0.5)) * s
    parts += [(top, soft((wide, 0.24 * s, 0.62 * s), (0, 0, hip + 0.26 * s), roundness=0.55)),
              (bottom, soft((wide * 0.9, 0.24 * s, 0.26 * s), (0, 0, hip + 0.02),
                            roundness=0.6))]
    parts += _arms(rng, top, skin, s, hip + 0.5 * s, wide)
    head = hip + 0.73 * s
    hair = palette.plain(HAIR[int(rng.integers(len(HAIR)))])
    skull = stretched(ball(0.1 * s, rings=8, segments=12), (0.82, 1.0, 1.2))
    parts += [(skin, tube([(0, 0, hip + 0.5 * s), (0, 0, head)], 0.055 * s, sides=8)),
              (skin, skull.moved((0, -0.01, head))),
              (hair, stretched(ball(0.105 * s, rings=8, segments=12), (0.86, 1.0, 1.1)).moved(
                  (0, 0.02, head + 0.03)))]
    return Piece(parts, (wide + 0.2, 0.55 if sitting else 0.4, head + 0.12 * s))


def _legs(rng: Rng, cloth: str, palette: Palette, s: float, hip: float, *,
          sitting: bool) -> Parts:
    shoe = palette.plain((40, 38, 36), shine=0.2)
    parts: Parts = []
    step = float(rng.uniform(-0.14, 0.14))
    for i in (-1, 1):
        x = 0.1 * s * i
        foot = (x * 1.2, -0.42 * s if sitting else i * step, 0.05)
        knee = (x * 1.3, -0.42 * s, hip) if sitting else (x * 1.1, i * step * 0.5 - 0.03, 0.5 * s)
        parts.append((cloth, tube([(x, 0, hip), knee], 0.085 * s, sides=8)))
        parts.append((cloth, tube([knee, foot], 0.065 * s, sides=8)))
        parts.append((cloth, ball(0.086 * s, rings=6, segments=10).moved(knee)))
        parts.append((shoe, soft((0.1 * s, 0.27 * s, 0.09), (foot[0], foot[1] - 0.06, 0.045),
                                 roundness=0.5, rings=6, segments=10)))
    return parts


def _arms(rng: Rng, cloth: str, skin: str, s: float, shoulder: float, wide: float) -> Parts:
    parts: Parts = []
    sleeve = cloth if rng.random() < 0.7 else skin
    for i in (-1, 1):
        reach = float(rng.uniform(0.0, 1.2))
        top = np.array([i * (wide / 2 + 0.01), 0.0, shoulder])
        elbow = top + 0.28 * s * np.array([0.15 * i, -0.3 * reach, -1.0])
        hand = elbow + 0.27 * s * np.array([-0.1 * i, -reach, -1.0 + 0.8 * reach])
        parts.append((cloth, tube([top, elbow], 0.05 * s, sides=8)))
        parts.append((sleeve, tube([elbow, hand], 0.042 * s, sides=8)))
        parts.append((cloth, ball(0.06 * s, rings=6, segments=10).moved(top)))
        parts.append((skin, soft((0.07 * s, 0.09 * s, 0.1 * s), hand, roundness=0.9, rings=6,
                                 segments=8)))
    return parts

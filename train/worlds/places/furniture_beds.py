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

"""Beds with mattress, pillows and a blanket in folds."""

import numpy as np
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.places.palette import Palette
from sa4depth_train.worlds.places.solids import Piece, sheet, slab, soft, Surface, tilted
from sa4depth_train.worlds.world import Parts

Rng = np.random.Generator


def bed(rng: Rng, palette: Palette) -> Piece:
    """Make a single or double bed, its head at +y."""
    w = float(rng.choice((0.9, 1.0, 1.2, 1.4, 1.6, 1.8))) + 0.06
    d, h = float(rng.uniform(1.95, 2.15)), float(rng.uniform(0.35, 0.6))
    frame, cover = palette.pick('wood'), palette.pick('fabric')
    linen = palette.plain((232, 230, 224)) if rng.random() < 0.5 else palette.pick('fabric')
    low = float(rng.choice((0.02, 0.15)))
    parts: Parts = [(frame, slab((w, d, h - 0.2 - low), (0, 0, (h - 0.2 + low) / 2))),
                    (linen, soft((w - 0.04, d - 0.04, 0.24), (0, 0, h - 0.12), roundness=0.15))]
    parts += [(frame, slab((0.06, 0.06, h - 0.2), (i * (w / 2 - 0.05), j * (d / 2 - 0.05),
                                                   (h - 0.2) / 2))) for i in (-1, 1)
              for j in (-1, 1)]
    head = h + float(rng.uniform(0.1, 0.7))
    if rng.random() < 0.75:
        if rng.random() < 0.5:
            parts.append((frame, slab((w, 0.05, head), (0, d / 2 - 0.025, head / 2))))
        else:
            parts.append((cover, soft((w + 0.1, 0.12, head), (0, d / 2 - 0.06, head / 2),
                                      roundness=0.15)))
    for k in range(max(1, round(w / 0.8))):
        x = -w / 2 + (k + 0.5) * w / max(1, round(w / 0.8))
        pillow = tilted(soft((min(0.75, w * 0.8), 0.42, 0.16), roundness=0.5),
                        float(rng.uniform(0.1, 0.5)))
        parts.append((linen if rng.random() < 0.6 else palette.pick('fabric'), pillow.moved(
            (x, d / 2 - 0.35, h + 0.09), yaw=float(rng.normal(0, 0.12)))))
    if rng.random() < 0.9:
        parts.append((cover, _blanket(rng, w, d, h)))
    return Piece(parts, (w, d, max(h, 0.5)),
                 (Surface(-w / 2, w / 2, -d / 2, d / 4, h + 0.08, 0.4),))


def _blanket(rng: Rng, w: float, d: float, h: float) -> Mesh:
    """Spread a blanket that hangs over the sides and is ruffled."""
    over, back = float(rng.uniform(0.05, 0.35)), float(rng.uniform(0.1, 0.9))
    x = np.linspace(-w / 2 - over, w / 2 + over, 26)
    y = np.linspace(-d / 2 - 0.1, d / 2 - 0.55 * (0.4 + back), 22)
    X, Y = np.meshgrid(x, y)
    ruffle = sum(rng.normal(0, 0.012) * np.sin(rng.uniform(2, 12) * X + rng.uniform(2, 12) * Y
                                               + rng.uniform(0, 6)) for _ in range(7))
    drop = np.maximum(np.abs(X) - w / 2, 0) + np.maximum(-Y - d / 2, 0)
    X = np.clip(X, -w / 2 - 0.03, w / 2 + 0.03)
    Z = np.maximum(h + 0.045 + np.abs(ruffle) * 1.5 - drop, 0.03)
    return sheet(np.stack([X + ruffle * (drop > 0), np.maximum(Y, -d / 2 - 0.03), Z], -1))

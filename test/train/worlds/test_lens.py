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

"""Lenses: raw, rectified and drawn pictures show the same things at the right pixels."""

import cv2
import numpy as np
import pytest
from sa4depth_train.worlds.lens import distorted, draw_lens, Lens, undistorted

SIZE = 160, 128


def bent_lens(seed: int, *, rectified: bool) -> Lens:
    """Draw lenses until one distorts."""
    rng = np.random.default_rng(seed)
    while not (lens := draw_lens(*SIZE, rng, rectified=rectified)).distorts:
        pass
    return lens


def positions(lens: Lens) -> np.ndarray:
    """Draw a picture whose two channels are where K sees each pixel, in pixels of K."""
    width, height = lens.drawn_size
    v, u = np.mgrid[:height, :width].astype(np.float32) - lens.margin
    return np.stack([u, v], -1)


def test_lenses_vary() -> None:
    """Over many: narrow and wide, barrel and cushion, centred and not, distorting or not."""
    rng = np.random.default_rng(0)
    lenses = [draw_lens(*SIZE, rng) for _ in range(200)]
    hfov = np.degrees([2 * np.arctan(SIZE[0] / 2 / lens.K[0, 0]) for lens in lenses])
    assert hfov.min() < 52 and hfov.max() > 90 and 60 < np.median(hfov) < 80
    assert 0.4 < np.mean([lens.distorts for lens in lenses]) < 0.8
    assert min(lens.D[0] for lens in lenses) < -0.1 < 0.02 < max(lens.D[0] for lens in lenses)
    ratio = np.array([lens.K[1, 1] / lens.K[0, 0] for lens in lenses])
    assert 0.99 <= ratio.min() < ratio.max() <= 1.01
    off = np.array([lens.K[0, 2] - (SIZE[0] - 1) / 2 for lens in lenses]) / SIZE[0]
    assert -0.03 <= off.min() < -0.02 and 0.02 < off.max() <= 0.03


@pytest.mark.parametrize('seed', range(5))
def test_distortion_is_that_of_opencv(seed: int) -> None:
    """What CameraInfo will say of K_raw and D is what the raw picture shows."""
    lens = bent_lens(seed, rectified=False)
    raw = lens.raw(positions(lens))
    v, u = np.mgrid[5:SIZE[1]:13, 5:SIZE[0]:17]
    ideal = cv2.undistortPoints(np.stack([u, v], -1).reshape(-1, 1, 2).astype(float), lens.K_raw,
                                np.array(lens.D), P=lens.K).reshape(*u.shape, 2)
    np.testing.assert_allclose(raw[v, u], ideal, atol=0.05)


@pytest.mark.parametrize('seed', range(5))
@pytest.mark.parametrize('rectified', [True, False])
def test_rectified_picture_has_K_everywhere(seed: int, rectified: bool) -> None:
    """Raw and back is the pinhole picture again, without an empty border."""
    lens = bent_lens(seed, rectified=rectified)
    again = lens.rectify(lens.raw(positions(lens)))
    v, u = np.mgrid[:SIZE[1], :SIZE[0]]
    wrong = np.abs(again - np.stack([u, v], -1))
    assert wrong[2:-2, 2:-2].max() < 0.1 and wrong.max() < 2.1


def test_margin_is_cut_exactly() -> None:
    """The inner part of what is drawn is at the pixels of K, to the last bit."""
    for rectified in (True, False):
        lens = bent_lens(1, rectified=rectified)
        inner = lens.inner(positions(lens))
        assert (inner[7, 9] == [9, 7]).all() and inner.shape == (SIZE[1], SIZE[0], 2)
        assert lens.K_drawn[0, 2] == lens.K[0, 2] + lens.margin


def test_nearest_depth_is_one_of_the_drawn() -> None:
    """Depth is not mixed across edges."""
    lens = bent_lens(2, rectified=False)
    width, height = lens.drawn_size
    depth = np.where(np.arange(width) % 9 < 4, 1.0, 5.0).astype(np.float32)
    raw = lens.raw(np.tile(depth, (height, 1)), nearest=True)
    assert set(np.unique(raw)) == {1.0, 5.0}


def test_inverse_of_distortion() -> None:
    """Bent and straightened rays are where they were."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.8, 0.8, (2, 100))
    D = (-0.12, 0.01, 0.001, -0.001, 0.0)
    np.testing.assert_allclose(undistorted(*distorted(x, y, D), D), (x, y), atol=1e-6)

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

"""Camera faults: each does what its name says, and all of them leave depth alone."""

from dataclasses import replace

import numpy as np
import pytest
from sa4depth_train.worlds.lens import draw_lens, Lens
from sa4depth_train.worlds.sensor import SensedFrame, Sensor
from sa4depth_train.worlds.sensor_faults import draw_faults, SensorFaults

WIDTH, HEIGHT = 96, 72
STILL = np.zeros(3)
K = np.array([[80.0, 0, 47.5], [0, 80.0, 35.5], [0, 0, 1]])
NONE = SensorFaults(
    level=0.2, follow=0.0, hold=0.1, drift=0.0, jumps=0.0, shutter=0.02, colors=np.eye(3),
    wander=0.0, gamma=2.2, contrast=0.0, black=0.0, headroom=1.0, falloff=0.0, glare=0.0, blur=0.0,
    hunting=0.0, shot=0.0, read=0.0, grain=False, sharpen=0.0, halo=1.0, quality=0)
DEPTH = np.full((HEIGHT, WIDTH), 2.5, np.float32)


def camera(**faults: object) -> Sensor:
    """Make a camera with no faults but these."""
    lens = Lens(WIDTH, HEIGHT, K, K, (0.0,) * 5, rectified=True)
    return Sensor(lens, replace(NONE, **faults), np.random.default_rng(0))


def grey(value: int) -> np.ndarray:
    """Make an even picture."""
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def taken(sensor: Sensor, rgb: np.ndarray, turning: np.ndarray = STILL,
          stamp: float = 0.0) -> np.ndarray:
    """Take one picture, as float."""
    return sensor.expose(rgb, DEPTH, turning, stamp).rgb.astype(float)


@pytest.fixture
def edges() -> np.ndarray:
    """Draw upright stripes of 12 pixels, dark and bright."""
    stripes = np.where(np.arange(WIDTH) // 12 % 2, 150, 60).astype(np.uint8)
    return np.repeat(np.tile(stripes, (HEIGHT, 1))[..., None], 3, 2)


def test_no_faults_change_little(edges: np.ndarray) -> None:
    """Without faults a picture stays itself, within two grey values."""
    assert np.abs(taken(camera(), edges) - edges).max() <= 2


def test_exposure_finds_its_level_and_takes_its_time() -> None:
    """A dark picture becomes mid grey; after light falls, the next frame still is wrong."""
    sensor = camera(follow=1.0, level=0.2, hold=0.5)
    wanted = 255 * 0.2 ** (1 / 2.2)
    assert taken(sensor, grey(70)).mean() == pytest.approx(wanted, abs=3)
    first = taken(sensor, grey(160), stamp=0.1).mean()
    assert first > wanted + 25
    later = [taken(sensor, grey(160), stamp=0.1 * n).mean() for n in range(2, 30)]
    assert later[-1] == pytest.approx(wanted, abs=3) and (np.diff(later) <= 0.5).all()


def test_exposure_jumps() -> None:
    """Frames of one scene differ by stops when asked for."""
    sensor = camera(jumps=0.5, hold=0.05)
    means = [taken(sensor, grey(100), stamp=float(n)).mean() for n in range(40)]
    assert max(means) / min(means) > 1.4


def test_turning_blurs_across_and_not_along(edges: np.ndarray) -> None:
    """Yaw at 4 rad/s for 20 ms smears 80 x 0.08 = 6 pixels; pitch leaves upright stripes."""
    yawed = taken(camera(), edges, np.array([0.0, 4.0, 0.0]))
    pitched = taken(camera(), edges, np.array([4.0, 0.0, 0.0]))
    sharp = np.abs(np.diff(edges[36, :, 0].astype(float))).max()
    assert np.abs(np.diff(yawed[36, :, 0])).max() < 0.5 * sharp
    assert np.abs(np.diff(pitched[36, 30:66, 0])).max() > 0.9 * sharp
    # Half way through the exposure is when depth and pose are true.
    assert yawed[36, 24:72, 0].mean() == pytest.approx(edges[36, 24:72, 0].mean(), abs=8)
    step = np.argmin(np.abs(yawed[36, 42:54, 0] - 115)) + 42
    assert abs(step - 47.5) <= 1.5


def test_noise_grows_with_light_and_gain() -> None:
    """Shot noise has the variance that was asked for; read noise is everywhere."""
    sensor = camera(shot=1 / 2000)
    dark, bright = (np.std((taken(sensor, grey(v)) / 255) ** 2.2) for v in (60, 180))
    assert bright == pytest.approx(np.sqrt((180 / 255) ** 2.2 / 2000), rel=0.15)
    assert dark < 0.6 * bright
    assert taken(camera(read=0.01), grey(20)).std() > 1.0
    gained = camera(shot=1 / 2000, follow=1.0, level=0.25)
    assert taken(gained, grey(60)).std() > 1.5 * taken(sensor, grey(137)).std()


def test_noise_differs_from_frame_to_frame() -> None:
    """Two frames of one scene are not equal, two cameras of one seed are."""
    one, two = camera(read=0.01), camera(read=0.01)
    first, second = taken(one, grey(90)), taken(one, grey(90), stamp=0.1)
    assert (first != second).any() and (first == taken(two, grey(90))).all()


def test_optics_and_curve(edges: np.ndarray) -> None:
    """Falloff darkens corners, blur softens, sharpening overshoots, contrast spreads."""
    fallen = taken(camera(falloff=0.5), grey(120))
    assert fallen[0, 0, 0] < 0.85 * fallen[36, 48, 0] and fallen[36, 48, 0] >= 118
    assert np.abs(np.diff(taken(camera(blur=1.0), edges)[36, :, 0])).max() < 50
    sharpened = taken(camera(sharpen=1.0), edges)
    assert sharpened.max() > 165 and sharpened.min() < 45
    spread = taken(camera(contrast=0.7), edges)
    assert np.ptp(spread) > np.ptp(edges) + 10
    assert taken(camera(glare=0.1), edges).min() > 62


def test_colors_and_highlights() -> None:
    """White balance tints; what drawing cut off stays white when it is exposed for."""
    tinted = taken(camera(colors=np.diag([1.2, 1.0, 0.8])), grey(120))[36, 48]
    assert tinted[0] > tinted[1] > tinted[2]
    scene = grey(150)
    scene[:10] = 255
    bright = taken(camera(headroom=4.0, follow=1.0, level=0.08), scene)
    assert bright[5].min() > 245 and bright[40].max() < 140


def test_white_balance_wanders_slowly() -> None:
    """Neighbours in a video have nearly one colour, frames seconds apart have not."""
    sensor = camera(wander=0.1)
    ratio = np.array([np.divide(*taken(sensor, grey(120), stamp=0.1 * n).mean((0, 1))[[0, 2]])
                      for n in range(100)])
    assert ratio.std() > 3 * np.abs(np.diff(ratio)).mean() and ratio.std() > 0.02


def test_depth_is_untouched_and_the_range_is_wide() -> None:
    """Whole cameras: depth comes through exactly, pictures are uint8 and differ in brightness."""
    means, rng = [], np.random.default_rng(5)
    for seed in range(12):
        drawn = np.random.default_rng(seed)
        sensor = Sensor(draw_lens(WIDTH, HEIGHT, drawn), draw_faults(drawn), drawn)
        width, height = sensor.lens.drawn_size
        rgb = rng.integers(60, 180, (height, width, 3), np.uint8)
        depth = rng.uniform(0, 9, (height, width)).astype(np.float32)
        frame = sensor.expose(rgb, depth, np.array([0.1, 0.5, 0.0]), 0.0)
        assert isinstance(frame, SensedFrame) and frame.rgb.dtype == np.uint8
        assert frame.rgb.shape == (HEIGHT, WIDTH, 3)
        assert (frame.depth == sensor.lens.inner(depth)).all()
        means.append(frame.rgb.mean())
    assert max(means) - min(means) > 40


def test_faults_of_a_seed() -> None:
    """The same seed gives the same camera."""
    one, two = (draw_faults(np.random.default_rng(8)) for _ in range(2))
    assert one.level == two.level and (one.colors == two.colors).all()

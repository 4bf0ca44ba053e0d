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

"""A camera: makes of a perfect picture what a real one would deliver."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from sa4depth_train.worlds.lens import Lens
from sa4depth_train.worlds.sensor_faults import SensorFaults

# Drawn pictures are as bright as a display wants them; inside, light is linear.
_DISPLAY_GAMMA = 2.2
_BRIGHTEST, _CURVE_STEPS = 4.0, 4096
_GAINS = (0.3, 5.0)
# How long white balance takes to wander.
_TINT_SECONDS = 2.0
# Noise is drawn once and then shifted, by up to so many pixels each way.
_SHIFTS = 256
# A warp for so many pixels of motion blur, and at most so many.
_WARP_PIXELS, _WARPS = 1.5, 9
_GREY = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True, eq=False)
class SensedFrame:
    """What is delivered: rgb uint8 (h, w, 3), z-depth [m] float32 (h, w) of the same pixels."""

    rgb: np.ndarray
    depth: np.ndarray


class Sensor:
    """
    One camera: a lens, its faults, and ``rng``, of which noise and exposure are drawn.

    It wants pictures of ``lens.drawn_size`` drawn with ``lens.K_drawn``. It delivers them with
    ``lens.K``, or, when ``lens.rectified`` is false, with ``lens.K_raw`` and ``lens.D``.
    """

    def __init__(self, lens: Lens, faults: SensorFaults, rng: np.random.Generator) -> None:
        self.lens, self.faults = lens, faults
        self._linear = _linear_light(faults.headroom)
        self._curve = _curve(faults)
        self._falloff = _falloff(lens, faults.falloff)
        self._rng = rng
        self._gain = 0.0
        self._tint = np.zeros(3)
        self._stamp: float | None = None

    def expose(self, rgb: np.ndarray, depth: np.ndarray, turning: np.ndarray,
               stamp: float) -> SensedFrame:
        """
        Take a picture of the drawn ``rgb`` uint8 (h', w', 3) and ``depth`` (h', w').

        ``turning`` (3,) is how fast the camera turns [rad/s], in its optical frame; ``stamp``
        [s] grows from call to call.
        """
        faults, lens = self.faults, self.lens
        light = cv2.LUT(rgb, self._linear)
        light = self._smeared(light, turning * faults.shutter)
        light = lens.raw(light)
        passed = 1e9 if self._stamp is None else stamp - self._stamp
        self._stamp = stamp
        gain = self._exposed(light, passed)
        light = self._colored(light, gain, passed)
        light = self._focused(light)
        self._add_noise(light, gain)
        raw = self._compressed(self._sharpened(self._developed(light)))
        if lens.rectified:
            return SensedFrame(lens.rectify(raw), lens.inner(depth))
        return SensedFrame(raw, lens.raw(depth, nearest=True))

    def _smeared(self, light: np.ndarray, turn: np.ndarray) -> np.ndarray:
        # Turning moves every picture by a homography, whatever the depth.
        K = self.lens.K_drawn
        count = min(round(K[0, 0] * float(np.linalg.norm(turn)) / _WARP_PIXELS) + 1, _WARPS)
        if count == 1:
            return light
        total = np.zeros_like(light)
        for share in np.linspace(-0.5, 0.5, count):
            R, _ = cv2.Rodrigues(turn * share)
            total += cv2.warpPerspective(light, K @ R @ np.linalg.inv(K), light.shape[1::-1],
                                         flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                                         borderMode=cv2.BORDER_REPLICATE)
        return total / np.float32(count)

    def _exposed(self, light: np.ndarray, passed: float) -> float:
        """Give the gain of this frame: slow, and now and then wrong."""
        faults, rng = self.faults, self._rng
        mean = float(np.minimum(light[::4, ::4], 1.5).mean(dtype=np.float64))
        wanted = faults.follow * np.log(faults.level / max(mean, 1e-3))
        wanted += faults.drift * rng.standard_normal()
        if rng.random() < faults.jumps:
            wanted += rng.uniform(-0.8, 0.8)
        self._gain += (1 - np.exp(-passed / faults.hold)) * (wanted - self._gain)
        return float(np.clip(np.exp(self._gain), *_GAINS))

    def _colored(self, light: np.ndarray, gain: float, passed: float) -> np.ndarray:
        kept = np.exp(-passed / _TINT_SECONDS)
        self._tint = kept * self._tint + np.sqrt(1 - kept ** 2) * self._rng.standard_normal(3)
        balance = np.exp(self.faults.wander * self._tint)
        matrix = gain * self.faults.colors @ np.diag(balance / (balance @ _GREY))
        colored = cv2.transform(light, matrix.astype(np.float32))
        colored *= self._falloff
        return colored

    def _focused(self, light: np.ndarray) -> np.ndarray:
        blur = self.faults.blur
        if self._rng.random() < self.faults.hunting:
            blur = self._rng.uniform(1.0, 2.4)
        if blur > 0.25:
            light = cv2.GaussianBlur(light, (0, 0), blur)
        if self.faults.glare:
            small = cv2.resize(light, None, fx=1 / 16, fy=1 / 16, interpolation=cv2.INTER_AREA)
            haze = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3.0), light.shape[1::-1])
            light = cv2.addWeighted(light, 1 - self.faults.glare, haze, self.faults.glare, 0)
        return light

    def _add_noise(self, light: np.ndarray, gain: float) -> None:
        rows, columns = light.shape[:2]
        bank = _noise_bank(self.faults.grain, rows + _SHIFTS, columns + _SHIFTS)
        row, column = self._rng.integers(0, _SHIFTS, 2)
        variance = np.maximum(light, 0)
        variance *= np.float32(gain * self.faults.shot)
        variance += np.float32((gain * self.faults.read) ** 2)
        np.sqrt(variance, out=variance)
        variance *= bank[row:row + rows, column:column + columns]
        light += variance

    def _developed(self, light: np.ndarray) -> np.ndarray:
        np.clip(light, 0, _BRIGHTEST, out=light)
        np.sqrt(light, out=light)
        light *= np.float32((_CURVE_STEPS - 1) / np.sqrt(_BRIGHTEST))
        return self._curve[light.astype(np.uint16)]

    def _sharpened(self, image: np.ndarray) -> np.ndarray:
        if not self.faults.sharpen:
            return image
        soft = cv2.GaussianBlur(image, (0, 0), self.faults.halo)
        return cv2.addWeighted(image, 1 + self.faults.sharpen, soft, -self.faults.sharpen, 0)

    def _compressed(self, image: np.ndarray) -> np.ndarray:
        if not self.faults.quality:
            return image
        coded = cv2.imencode('.jpg', cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
                             [cv2.IMWRITE_JPEG_QUALITY, self.faults.quality])[1]
        return cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _linear_light(headroom: float) -> np.ndarray:
    """Give the light (1, 256, 1) of display values; the brightest were cut off by drawing."""
    value = np.arange(256) / 255.0
    beyond = np.clip((value - 0.88) / 0.12, 0, 1)
    light = value ** _DISPLAY_GAMMA * (1 + (headroom - 1) * beyond ** 2)
    return light.astype(np.float32)


def _curve(faults: SensorFaults) -> np.ndarray:
    """Give display values, uint8, for the square root of light in equal steps."""
    light = np.linspace(0, np.sqrt(_BRIGHTEST), _CURVE_STEPS) ** 2
    # Straight up to 0.8, then bent so that 4 becomes white.
    knee = 0.8
    bent = knee + (1 - knee) * (1 - np.exp(-(light - knee) / (1 - knee) * 0.7))
    value = np.where(light < knee, light, bent) ** (1 / faults.gamma)
    curved = value * value * (3 - 2 * value)
    value = value + faults.contrast * (curved - value)
    value = faults.black + (1 - faults.black) * value
    return np.rint(np.clip(value, 0, 1) * 255).astype(np.uint8)


def _falloff(lens: Lens, strength: float) -> np.ndarray:
    v, u = np.mgrid[:lens.height, :lens.width]
    radius = np.hypot(u - lens.K[0, 2], v - lens.K[1, 2]) / (0.5 * np.hypot(*lens.drawn_size))
    light = 1 - strength * np.minimum(radius, 1.1) ** 2.5
    return np.ascontiguousarray(np.repeat(light[..., None], 3, 2), np.float32)


@cache
def _noise_bank(grain: bool, rows: int, columns: int) -> np.ndarray:
    noise = np.random.default_rng(7).standard_normal((rows, columns, 3), np.float32)
    if not grain:
        return noise
    # As demosaicing and denoising leave it: a part of the noise in larger spots.
    spots = cv2.GaussianBlur(noise, (0, 0), 0.9)
    return 0.8 * spots / spots.std() + 0.6 * np.roll(noise, 99, axis=1)

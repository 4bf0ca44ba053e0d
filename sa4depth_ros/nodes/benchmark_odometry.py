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

"""Time of a step of the odometry, and what of it is ours and not the engines'."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.nodes.benchmark_frame import HEIGHT, K, WIDTH
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator
from sa4depth_ros.runtime.odometry_types import OdometryInput, OdometrySettings

# What ONNX Runtime does; all else of a step is Python.
ENGINES = ('features', 'align', 'guess')
DISTANCE = 3.0
_STEP = 0.02
_WARM_UP = 3
_TEXTURE = 512
_VIEWS = 30


@dataclass(frozen=True)
class StepTime:
    """
    Seconds of a step: ``total`` median and 95th percentile, and medians of its parts.

    ``outside`` is what is not spent in engines; ``share`` the median of its part of a step.
    """

    case: str
    total: tuple[float, float]
    parts: dict[str, float]
    outside: float
    share: float
    lost: int


def measure_steps(model: Path | None, repeats: int) -> list[StepTime]:
    """Time ``repeats`` steps at 640x480 for each first guess that the model can make."""
    estimator = OdometryEstimator(model)
    try:
        views = moving_views()
        times = [_measured(estimator, 'constant_velocity', views, repeats)]
        if estimator.has_guess:
            times.append(_measured(estimator, 'posenet', views, repeats))
        return times
    finally:
        estimator.close()


def moving_views(count: int = _VIEWS) -> list[NDArray[np.uint8]]:
    """
    Show a textured wall at DISTANCE to a camera that moves 2 cm a view, (480, 640, 3) each.

    To the side and a little forward, so that neighbours differ and nothing seems at rest.
    """
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (_TEXTURE // 8, _TEXTURE // 8, 3), dtype=np.uint8)
    fine = rng.integers(0, 256, (_TEXTURE, _TEXTURE, 3), dtype=np.uint8)
    large = cv2.resize(coarse, (_TEXTURE, _TEXTURE), interpolation=cv2.INTER_CUBIC)
    texture = cv2.addWeighted(large, 0.7, cv2.GaussianBlur(fine, (0, 0), 1.5), 0.6, 0)
    side = 8.0 / _TEXTURE
    wall = np.array([[side, 0, -4], [0, side, -4], [0, 0, 1]])
    views = []
    for number in range(count):
        x, z = _STEP * number, 0.2 * _STEP * number
        camera = np.array(K).reshape(3, 3) @ np.array([
            [1, 0, -x], [0, 1, 0], [0, 0, DISTANCE - z]])
        views.append(cv2.warpPerspective(
            texture, camera @ wall, (WIDTH, HEIGHT), borderMode=cv2.BORDER_WRAP))
    return views  # type: ignore[return-value]


def _measured(
    estimator: OdometryEstimator, guess: str, views: list[NDArray[np.uint8]], repeats: int,
) -> StepTime:
    estimator.settings = OdometrySettings(initial_guess=guess)
    estimator.reset()
    camera = CameraModel.from_calibration(width=WIDTH, height=HEIGHT, K=K)
    depth = np.full((HEIGHT, WIDTH), DISTANCE, np.float32)
    there_and_back = [*views, *views[-2:0:-1]]
    totals, parts, lost = [], [], 0
    for number in range(repeats + _WARM_UP):
        rgb = there_and_back[number % len(there_and_back)]
        begin = perf_counter()
        result = estimator.update(OdometryInput(
            rgb=rgb, camera=camera, depth=depth, depth_camera=None, unit='m',
            seconds=0.1 * number))
        if number >= _WARM_UP:
            totals.append(perf_counter() - begin)
            parts.append(result.timings)
            lost += result.state == 'lost'
    return _step_time(guess, totals, parts, lost)


def _step_time(
    case: str, totals: list[float], parts: list[dict[str, float]], lost: int,
) -> StepTime:
    names = sorted({name for part in parts for name in part})
    medians = {name: float(np.median([part.get(name, 0.0) for part in parts])) for name in names}
    outside = np.array(totals) - [sum(part.get(name, 0.0) for name in ENGINES) for part in parts]
    median, high = np.percentile(totals, (50, 95))
    return StepTime(case, (float(median), float(high)), medians, float(np.median(outside)),
                    float(np.median(outside / totals)), lost)

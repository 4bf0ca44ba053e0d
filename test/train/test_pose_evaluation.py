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

"""Motion through a planted sequence, by a stand-in that knows the truth."""

from dataclasses import dataclass, field
import json

import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.pose_evaluation import measure_motion, MotionEstimate, MotionFrame

FRAMES = 41
K = np.array([[80.0, 0, 31.5], [0, 80, 23.5], [0, 0, 1]])


def path(number: int = FRAMES) -> np.ndarray:
    """Give T_camera2world (N, 4, 4) of a walk on a wavy line, steps of varying length."""
    poses = []
    for t in np.linspace(0, 6, number):
        yaw = 0.4 * np.sin(t)
        T = np.eye(4)
        T[:3, :3] = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
        T[:3, 3] = (np.sin(t), 0.1 * t, t + 0.3 * np.sin(2 * t))
        poses.append(T)
    return np.stack(poses)


def frames(*, depth: bool = True, poses: bool = True, number: int = FRAMES) -> list[MotionFrame]:
    true = np.tile(np.linspace(1, 4, 64, dtype=np.float32), (48, 1))
    return [MotionFrame(np.full((48, 64, 3), i, np.uint8), np.ones((48, 64), np.float32),
                        true if depth else np.zeros_like(true), K, pose if poses else None,
                        0.1 * i)
            for i, pose in enumerate(path(number))]


@dataclass
class Planted:
    """
    Knows every pose; its unit of depth is worth ``unit`` metres in each frame.

    PoseNet's translation is ``alone`` times what it should be in that unit, pair by pair; the
    refined one is right, unless it fails in ``failures``.
    """

    unit: np.ndarray
    alone: np.ndarray
    failures: tuple[int, ...] = ()
    refines: bool = True
    observed: list[int] = field(default_factory=list)

    def observe(self, frame):
        number = int(frame.rgb[0, 0, 0])
        self.observed.append(number)
        true = np.tile(np.linspace(1, 4, 64), (48, 1))
        return Seen(number, (true / self.unit[number]).astype(np.float32))

    def estimate(self, target, source):
        assert source.number == target.number + 1
        i = target.number
        poses = path(len(self.unit))
        T = np.linalg.inv(poses[i + 1]) @ poses[i]
        T[:3, 3] /= self.unit[i]
        wrong = T.copy()
        wrong[:3, 3] *= self.alone[i]
        if i in self.failures:
            return MotionEstimate(wrong, wrong, True, 0.5, 0.6)
        return MotionEstimate(wrong, T, False, 0.5, 0.1)


@dataclass
class Seen:
    number: int
    depth: np.ndarray


def planted(unit: float = 3.0, **options) -> Planted:
    alone = np.where(np.arange(FRAMES - 1) % 2, 0.5, 0.7)
    return Planted(np.full(FRAMES, unit), alone, **options)


def test_a_right_refinement_is_right_in_every_figure() -> None:
    result = measure_motion(planted(), frames(), 'walk')
    refined = result.tracks['refined'].metrics
    assert refined['ate_sim3'] == pytest.approx(0, abs=1e-6)
    assert refined['scale'] == pytest.approx(3.0)
    assert refined['ate_se3'] > 1
    assert refined['rpe_translation'] == pytest.approx(0, abs=1e-5)
    assert refined['scale_median'] == pytest.approx(1.0)
    assert refined['scale_std'] == pytest.approx(0, abs=1e-6)
    assert refined['scale_pairs'] == FRAMES - 1
    assert result.figures['depth_scale'] == pytest.approx(3.0)
    assert result.figures['scale_consistency'] == pytest.approx(0, abs=1e-6)


def test_posenet_alone_shows_its_own_scale_and_its_spread() -> None:
    alone = measure_motion(planted(), frames()).tracks['posenet'].metrics
    assert alone['scale_median'] == pytest.approx(0.6)
    assert alone['scale_std'] == pytest.approx(0.1 / 0.6, rel=1e-5)
    assert alone['ate_sim3'] > 0.005
    assert alone['rpe_translation'] == pytest.approx(100 / 6, rel=0.05)
    assert alone['rpe_rotation'] == pytest.approx(0, abs=1e-4)


def test_scale_that_drifts_with_depth_is_no_spread_of_motion_against_depth() -> None:
    unit = np.linspace(2, 4, FRAMES)
    result = measure_motion(Planted(unit, np.ones(FRAMES - 1)), frames())
    assert result.tracks['refined'].metrics['scale_std'] == pytest.approx(0, abs=1e-6)
    assert result.figures['scale_consistency'] == pytest.approx(np.std(unit) / 3, rel=1e-5)
    np.testing.assert_allclose(result.depth_scales, unit, rtol=1e-5)


def test_failures_and_residuals_are_counted() -> None:
    result = measure_motion(planted(failures=(3, 7)), frames())
    assert result.figures['failed'] == pytest.approx(2 / 40)
    assert np.flatnonzero(result.failed).tolist() == [3, 7]
    assert (result.figures['residual_before'], result.figures['residual_after']) == (0.5, 0.1)
    ratios = result.tracks['refined'].ratios
    np.testing.assert_allclose(ratios[[2, 3, 4]], [1, 0.5, 1], rtol=1e-5)


def test_every_frame_is_observed_once() -> None:
    estimator = planted()
    measure_motion(estimator, iter(frames()))
    assert estimator.observed == list(range(FRAMES))


def test_without_depth_the_spread_is_kept_and_the_level_is_not() -> None:
    result = measure_motion(planted(), frames(depth=False))
    alone = result.tracks['posenet'].metrics
    assert alone['scale_median'] == pytest.approx(1.0)
    assert alone['scale_std'] == pytest.approx(0.1 / 0.6, rel=1e-5)
    assert np.isnan(result.figures['depth_scale'])
    assert any('relative to its own median' in note for note in result.notes)


def test_without_odometry_it_says_so_and_does_the_rest() -> None:
    result = measure_motion(planted(failures=(0,)), frames(poses=False))
    assert result.figures['failed'] == pytest.approx(1 / 40)
    assert result.figures['depth_scale'] == pytest.approx(3.0)
    assert result.tracks['refined'].fitted is None
    assert 'ate_sim3' not in result.tracks['refined'].metrics
    assert np.isnan(result.tracks['refined'].metrics['scale_std'])
    assert any(note.startswith('No odometry') for note in result.notes)


def test_frames_without_a_pose_are_left_out_of_the_path() -> None:
    some = frames()
    some[10] = MotionFrame(some[10].rgb, some[10].seen, some[10].depth, K, None, 1.0)
    result = measure_motion(planted(), some)
    refined = result.tracks['refined']
    assert refined.metrics['ate_sim3'] == pytest.approx(0, abs=1e-6)
    assert len(result.truth) == len(refined.fitted) == FRAMES - 1
    assert np.flatnonzero(np.isnan(refined.ratios)).tolist() == [9, 10]
    assert any('40 of 41' in note for note in result.notes)


def test_a_network_without_refinement_has_one_track() -> None:
    result = measure_motion(planted(refines=False), frames())
    assert set(result.tracks) == {'posenet'}
    assert 'failed' not in result.figures
    assert not any(name.startswith('refined') for name in result.to_numbers())


def test_numbers_and_json_hold_every_figure() -> None:
    result = measure_motion(planted(), frames(depth=False))
    numbers = result.to_numbers()
    for kind in ('posenet', 'refined'):
        for name in ('ate_sim3', 'ate_se3', 'rpe_rotation', 'drift', 'scale_std'):
            assert numbers[f'{kind}_{name}'] == result.tracks[kind].metrics[name]
    assert all(isinstance(value, float) for value in numbers.values())
    plain = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert plain['figures']['depth_scale'] is None
    assert plain['refined']['ate_sim3'] == numbers['refined_ate_sim3']


def test_one_frame_is_no_motion() -> None:
    with pytest.raises(BagError, match='at least two frames'):
        measure_motion(planted(), frames()[:1], 'walk')

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

"""Images with depth in, the path of the camera out: keyframes, loss and recovery, rest."""

from collections.abc import Iterator
import math
from pathlib import Path
from time import perf_counter

import numpy as np
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.motion_engines import Alignment, MotionEngines
from sa4depth_ros.runtime.odometry_covariance import (
    composed, is_determined, motion_covariance, of_scale, while_lost)
from sa4depth_ros.runtime.odometry_frame import flow_between, FrameMaker, OdometryFrame
from sa4depth_ros.runtime.odometry_starts import (
    Keyframe, likely_starts, Start, Step, wide_starts)
from sa4depth_ros.runtime.odometry_types import (
    INITIALISING, LOST, Matrix, OdometryInput, OdometryResult, OdometrySettings, TRACKING)
from sa4depth_ros.runtime.rigid_motion import inverse, rigid, twist_of

__all__ = ['OdometryEstimator', 'OdometryInput', 'OdometryResult', 'OdometrySettings']

# Factor by which more points must agree before a less likely first guess is believed.
_CLEARLY = 1.2
# From so many seconds between two images on there is time to align again, and need to: the
# motion is large, and the iterations of one alignment may end on the way.
_SLOW = 0.25
_REPEATS = 3
# Movement of the picture, pixels of the network input, below which an alignment has settled.
_SETTLED = 1.0


class OdometryEstimator:
    """
    The motion networks and what is known of the path so far; not for several threads at once.

    Each frame is aligned to the last keyframe. ``settings`` may be assigned at any time.
    """

    def __init__(
        self, model: Path | None = None, *, threads: int = 0,
        provider: str = 'CPUExecutionProvider',
        settings: OdometrySettings = OdometrySettings(),  # noqa: B008
    ) -> None:
        """Load the motion files at ``model``, by default those that are shipped; ModelError."""
        self.settings = settings
        self._engines = MotionEngines(
            share_path(DEFAULT_MODEL) if model is None else model,
            threads=threads, provider=provider)
        self._make = FrameMaker(self._engines.size)
        self.reset()

    @property
    def card(self) -> ModelCard:
        """Give what the motion files say of themselves."""
        return self._engines.card

    @property
    def has_guess(self) -> bool:
        """Whether there is a PoseNet, for the setting initial_guess."""
        return self._engines.has_guess

    def reset(self) -> None:
        """Begin anew, at the origin."""
        self._pose, self._covariance = np.eye(4), np.zeros((6, 6))
        self._keyframe: Keyframe | None = None
        self._former: Keyframe | None = None
        self._last: Step | None = None
        self._input: tuple[object, ...] = ()
        self._seconds = self._tracked = -math.inf
        self._has_network_metres = False
        self._state, self._reason, self._unit = INITIALISING, 'no frame has come yet', 'm'

    def close(self) -> None:
        """Free the networks."""
        self._engines.close()

    def lose(self, reason: str) -> OdometryResult:
        """Note that nothing usable has come for some time."""
        self._state, self._reason = LOST, reason
        return self._result({})

    def update(self, given: OdometryInput) -> OdometryResult:
        """
        Take a frame, later than those before.

        After a stamp that jumps back, or an image of another kind, it goes on from the pose so
        far. Raises FrameError for input that cannot be, ModelError when a network fails; the next
        frame is taken as if this one had not come.
        """
        begin = perf_counter()
        frame = self._make(given)
        timings = {'preprocess': perf_counter() - begin, 'align': 0.0, 'guess': 0.0}
        start = perf_counter()
        frame.features = self._engines.features(frame.image)
        timings['features'] = perf_counter() - start
        self._note_interruption(given)
        result = self._track(frame, timings)
        timings['other'] = perf_counter() - begin - sum(timings.values())
        return result

    def _note_interruption(self, given: OdometryInput) -> None:
        kind = given.rgb.shape, given.camera.key, given.unit, given.is_predicted
        late = given.seconds - self._tracked > self.settings.memory
        if given.seconds < self._seconds or (self._input and kind != self._input):
            self._forget(INITIALISING, 'a new start, the input has changed')
        elif self._state == LOST and late and self._keyframe is not None:
            # Too much may have happened; what moved meanwhile must not become a jump.
            self._covariance = while_lost(self._covariance, given.seconds - self._tracked)
            self._forget(LOST, self._reason)
        self._input, self._unit, self._seconds = kind, given.unit, given.seconds
        self._has_network_metres = given.is_predicted and given.unit == 'm'

    def _forget(self, state: str, reason: str) -> None:
        self._keyframe = self._former = self._last = None
        self._state, self._reason = state, reason

    def _track(self, frame: OdometryFrame, timings: dict[str, float]) -> OdometryResult:
        if self._keyframe is None:
            return self._begin(frame, timings)
        if not frame.has_texture:
            return self._fail(frame.flaw, timings)
        best, found = self._best(frame, timings)
        if not self._is_good(found, best):
            return self._fail(
                f'the picture does not fit the last keyframe: {100 * found.inlier_ratio:.0f} % of '
                f'its points agree, {100 * found.overlap:.0f} % are seen', timings, found)
        if frame.is_predicted and self.settings.refine_depth:
            found = self._refined(found, best, frame, timings)
        self._follow(best)
        return self._succeed(found, best, frame, timings)

    def _follow(self, keyframe: Keyframe) -> None:
        if keyframe is not self._keyframe:
            self._former, self._keyframe = self._keyframe, keyframe

    def _best(
        self, frame: OdometryFrame, timings: dict[str, float],
    ) -> tuple[Keyframe, Alignment]:
        """Align from one first guess after the other until one is beyond doubt."""
        best: tuple[Keyframe, Alignment] | None = None
        for T_initial, keyframe in self._starts(frame, timings):
            found = self._align(keyframe, frame, T_initial, timings)
            if best is None or _agreement(found) > _CLEARLY * _agreement(best[1]):
                best = keyframe, found
            if _agreement(found) >= self.settings.sure_inliers and self._is_good(found, keyframe):
                break
        assert best is not None
        return best[0], self._settled(best[1], best[0], frame, timings)

    def _settled(
        self, found: Alignment, keyframe: Keyframe, frame: OdometryFrame,
        timings: dict[str, float],
    ) -> Alignment:
        """Align again until it hardly moves, if it is in doubt or there is time."""
        assert self._last is not None
        is_slow = frame.seconds - self._last.frame.seconds >= _SLOW
        is_sure = _agreement(found) >= self.settings.sure_inliers
        if found.failed or (is_sure and not is_slow):
            return found
        for _ in range(_REPEATS):
            T = rigid(found.T_target2source)
            again = self._align(keyframe, frame, T, timings)
            if _agreement(again) < _agreement(found):
                break
            found = again
            if flow_between(keyframe.frame, T, rigid(found.T_target2source)) < _SETTLED:
                break
        return found

    def _begin(self, frame: OdometryFrame, timings: dict[str, float]) -> OdometryResult:
        """Make the first frame after a start or a loss a keyframe, if it is fit for that."""
        flaw = frame.flaw
        if flaw:
            self._reason = flaw
            return self._result(timings)
        self._keyframe = Keyframe(frame, self._pose, self._covariance)
        self._last = Step(frame, np.eye(4), self._pose, self._covariance, np.zeros(6))
        self._tracked = frame.seconds
        self._state, self._reason = INITIALISING, 'waiting for a second frame'
        return self._result(timings, is_keyframe=True)

    def _starts(self, frame: OdometryFrame, timings: dict[str, float]) -> Iterator[Start]:
        """Give first guesses with their keyframes, each made only when it is asked for."""
        keyframe, last = self._keyframe, self._last
        assert keyframe is not None and last is not None
        is_first = self.settings.initial_guess == 'posenet'
        if self._engines.has_guess and is_first:
            yield self._guessed(keyframe, last, frame, timings)
        yield from likely_starts(keyframe, self._former, last, frame.seconds)
        if self._engines.has_guess and not is_first:
            yield self._guessed(keyframe, last, frame, timings)
        yield from wide_starts(keyframe, last)

    def _guessed(
        self, keyframe: Keyframe, last: Step, frame: OdometryFrame, timings: dict[str, float],
    ) -> Start:
        start = perf_counter()
        T = rigid(self._engines.guess(last.frame.image, frame.image))
        timings['guess'] += perf_counter() - start
        return T @ last.T_keyframe2frame, keyframe

    def _align(
        self, keyframe: Keyframe, frame: OdometryFrame, T_initial: Matrix,
        timings: dict[str, float],
    ) -> Alignment:
        start = perf_counter()
        target = keyframe.frame
        found = self._engines.align(target.features, frame.features, target.depth, target.seen,
                                    target.K, T_initial,
                                    *self.settings.depth_sigmas(target.is_predicted))
        timings['align'] += perf_counter() - start
        return found

    def _is_good(self, found: Alignment, keyframe: Keyframe) -> bool:
        return (_agreement(found) > 0 and found.inlier_ratio >= self.settings.min_inliers
                and found.overlap >= self.settings.min_overlap
                and is_determined(found, keyframe.frame.median_depth))

    def _succeed(
        self, found: Alignment, keyframe: Keyframe, frame: OdometryFrame,
        timings: dict[str, float],
    ) -> OdometryResult:
        last = self._last
        assert last is not None
        T = rigid(found.T_target2source)
        pose = rigid(keyframe.T_camera2odom @ inverse(T))
        motion = motion_covariance(found, is_predicted=frame.is_predicted)
        covariance = composed(
            keyframe.covariance, pose[:3, 3] - keyframe.T_camera2odom[:3, 3], pose[:3, :3], motion)
        seconds = max(frame.seconds - last.frame.seconds, 1e-3)
        velocity = twist_of(inverse(pose) @ last.T_camera2odom) / seconds
        self._last = Step(frame, T, pose, covariance, velocity)
        self._state, self._reason, self._tracked = TRACKING, '', frame.seconds
        held = inverse(self._pose) @ keyframe.T_camera2odom
        rests = flow_between(keyframe.frame, T, held) < self.settings.stationary_flow
        if not rests:
            self._pose, self._covariance = pose, covariance
        is_new = not rests and self._wants_keyframe(found) and not frame.flaw
        if is_new:
            self._follow(Keyframe(frame, pose, covariance))
            self._last.T_keyframe2frame = np.eye(4)
        twist = np.zeros(6) if rests else -velocity
        return self._result(
            timings, found, is_keyframe=is_new, is_stationary=rests, twist=twist,
            twist_covariance=2 * motion / seconds ** 2 + of_scale(twist[:3], self._scale_sigma))

    def _refined(
        self, found: Alignment, keyframe: Keyframe, frame: OdometryFrame,
        timings: dict[str, float],
    ) -> Alignment:
        """Correct the depth of the keyframe; align what will be the next one once more to it."""
        target, T = keyframe.frame, rigid(found.T_target2source)
        before = target.inverse_depth
        target.inverse_depth = target.corrected_by(frame, T)
        if self._wants_keyframe(found):
            again = self._align(keyframe, frame, T, timings)
            found = again if self._is_good(again, keyframe) else found
            # Not a second measurement, but the same one under a better motion.
            target.inverse_depth = before
            target.inverse_depth = target.corrected_by(frame, rigid(found.T_target2source))
        return found

    @property
    def _scale_sigma(self) -> float:
        return self.settings.predicted_scale_sigma if self._has_network_metres else 0.0

    def _wants_keyframe(self, found: Alignment) -> bool:
        return (found.flow > self.settings.keyframe_flow * self._engines.size[0]
                or found.overlap < self.settings.keyframe_overlap)

    def _fail(
        self, reason: str, timings: dict[str, float], found: Alignment | None = None,
    ) -> OdometryResult:
        self._state, self._reason = LOST, reason
        return self._result(timings, found)

    def _result(
        self, timings: dict[str, float], found: Alignment | None = None, *,
        is_keyframe: bool = False, is_stationary: bool = False,
        twist: Matrix | None = None, twist_covariance: Matrix | None = None,
    ) -> OdometryResult:
        covariance = self._covariance + of_scale(self._pose[:3, 3], self._scale_sigma)
        # Before a first frame nothing can have moved: odom begins with it.
        if self._state == LOST and self._tracked > -math.inf:
            covariance = while_lost(covariance, self._seconds - self._tracked)
        unknown = while_lost(np.zeros((6, 6)), math.inf)
        figures = {} if found is None else {
            'inlier_ratio': found.inlier_ratio, 'overlap': found.overlap,
            'cost_before': found.cost_before, 'cost_after': found.cost_after}
        return OdometryResult(
            self._state, self._reason, self._pose.copy(),
            np.zeros(6) if twist is None else twist, covariance,
            unknown if twist_covariance is None else twist_covariance, self._unit,
            is_keyframe, is_stationary, timings=timings, **figures)


def _agreement(found: Alignment) -> float:
    """Give the share of all points that are seen and agree."""
    return 0.0 if found.failed else found.inlier_ratio * found.overlap

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

"""Nodes with an odometry whose answer can be told from the image: 1 cm ahead for a grey level."""

from dataclasses import replace
import sys
import time

import numpy as np
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.nodes import depth_odometry
from sa4depth_ros.nodes.pose_node import PoseNode
from sa4depth_ros.nodes.run_node import run_node, run_nodes
from sa4depth_ros.runtime.odometry_types import OdometryResult, OdometrySettings

BLACK, BROKEN, NOT_FINITE = 0, 250, 240
STEP = 0.01


class GreyOdometry:
    """Stands in for OdometryEstimator: black is lost, and some greys are trouble."""

    slow = 0.0
    has_guess = False

    def __init__(self, model=None, *, threads=0, provider='', settings=None):
        self.settings = settings or OdometrySettings()
        self.card = ModelCard(
            name='grey odometry', input_height=48, input_width=64, licence='none')
        self.reset()

    def reset(self):
        self._start, self._steps = None, 0
        self._result = _result('initialising', 'waits for a second frame', 0.0, 'm')

    def update(self, given):
        time.sleep(self.slow)
        grey = float(given.rgb.mean())
        if grey == BROKEN:
            raise ModelError('the engine does not like this image')
        if grey == BLACK:
            return self.lose('the image is black')
        self._start = grey if self._start is None else self._start
        distance = float('nan') if grey == NOT_FINITE else STEP * (grey - self._start)
        self._steps += 1
        result = _result('tracking' if self._steps > 1 else 'initialising',
                         '' if self._steps > 1 else 'waits for a second frame', distance,
                         given.unit)
        self._result = replace(result, cost_before=float(np.median(given.depth)),
                               is_keyframe=self._steps == 1, overlap=given.camera.K[0, 0])
        return self._result

    def lose(self, reason):
        self._result = replace(self._result, state='lost', reason=reason,
                               pose_covariance=2 * self._result.pose_covariance)
        return self._result

    def close(self):
        pass


def _result(state, reason, distance, unit):
    T = np.eye(4)
    T[2, 3] = distance
    return OdometryResult(
        state=state, reason=reason, T_camera2odom=T, twist=np.array([0, 0, 1.0, 0, 0, 0]),
        pose_covariance=np.diag([1, 2, 3, 4, 5, 6]) * 1e-4, twist_covariance=np.eye(6) * 1e-3,
        is_keyframe=False, is_stationary=False, inlier_ratio=0.9, overlap=1.0, cost_before=0.0,
        cost_after=float('nan'), timings={'align': 0.001}, unit=unit)


def main():
    """Run the pose node, or both nodes when --both is given."""
    arguments = [word for word in sys.argv if word not in ('--both', '--slow')]
    GreyOdometry.slow = 0.3 if '--slow' in sys.argv else 0.0
    if '--both' in sys.argv:
        return run_nodes(
            lambda: depth_odometry.make_nodes(make_estimator=GreyOdometry), arguments)
    return run_node(lambda: PoseNode(make_estimator=GreyOdometry), arguments)


if __name__ == '__main__':
    sys.exit(main())

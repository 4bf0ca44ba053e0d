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

"""Exponential and logarithm of rigid motions invert each other, and agree with series."""

import numpy as np
import pytest
from sa4depth_ros.runtime.rigid_motion import motion_of, rigid, twist_of


@pytest.mark.parametrize('angle', [0.0, 1e-9, 1e-4, 0.3, 2.0, 3.1])
def test_logarithm_inverts_exponential(angle) -> None:
    axis = np.array([0.36, -0.48, 0.8])
    twist = np.concatenate(([0.3, -0.2, 1.1], angle * axis))
    np.testing.assert_allclose(twist_of(motion_of(twist)), twist, atol=1e-8)


def test_the_exponential_is_its_series() -> None:
    twist = np.array([0.3, -0.2, 0.1, 0.2, 0.4, -0.3])
    x, y, z = twist[3:]
    generator = np.zeros((4, 4))
    generator[:3, :3] = [[0, -z, y], [z, 0, -x], [-y, x, 0]]
    generator[:3, 3] = twist[:3]
    term = total = np.eye(4)
    for n in range(1, 20):
        term = term @ generator / n
        total = total + term
    np.testing.assert_allclose(motion_of(twist), total, atol=1e-12)


def test_rigid_removes_what_is_no_rotation() -> None:
    T = motion_of(np.array([1.0, 2, 3, 0.1, 0.2, 0.3]))
    spoilt = T.copy()
    spoilt[:3, :3] *= 1 + 1e-4
    np.testing.assert_allclose(rigid(spoilt), T, atol=1e-9)

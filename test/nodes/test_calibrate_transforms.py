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

"""The service ~/calibrate with sensors elsewhere on the robot, by /tf_static over real DDS."""

import functools

import pytest
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from sa4depth_ros.model_card import ModelCard
from scale_bench import holds, PLANTED, ScaleBench

LATCHED = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def start(start_bench, tf_environment):
    benches = []

    def make(reference, **frames):
        from tf2_msgs.msg import TFMessage
        kind = functools.partial(ScaleBench, reference=reference)
        bench = start_bench(kind=kind, environment=tf_environment,
                            arguments=('-r', '/tf_static:=tf_static'), **frames)
        benches.append(bench)
        publisher = bench.node.create_publisher(TFMessage, 'tf_static', LATCHED)
        return bench, lambda: publisher.publish(bench.serialized(bench.make.mounts()))
    yield make
    for bench in benches:
        bench.close()


@pytest.mark.parametrize(('reference', 'frames'), [
    ('lidar', {'lidar': 'lidar'}), ('odometry', {'body': 'base_link'})])
def test_a_sensor_elsewhere(start, reference, frames):
    """The lidar stands above the camera, odometry is about the base."""
    bench, mount = start(reference, **frames)
    mount()
    response = bench.calibrate()
    assert response.success, response.message
    record = ModelCard.from_yaml(bench.folder / 'blue.yaml').cameras['front_optical']
    assert holds(record, PLANTED), record


def test_frames_that_are_not_connected(start):
    bench, mount = start('odometry', body='gripper')
    mount()
    bench.change(calibration_seconds=3.0)
    message = bench.calibrate().message
    assert "between 'front_optical' and 'gripper' in /tf_static, which connects: base_link" in (
        message)

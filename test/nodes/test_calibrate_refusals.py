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

"""When ~/calibrate finds no scale it says why, over real DDS."""

import functools

import pytest
from scale_bench import Flaws, ScaleBench
from std_srvs.srv import Trigger


@pytest.fixture(scope='module')
def start(start_bench):
    benches = []

    def make(reference, **options):
        kind = functools.partial(ScaleBench, reference=reference)
        benches.append(start_bench(kind=kind, **options))
        benches[-1].change(calibration_seconds=1.5)
        return benches[-1]
    yield make
    for bench in benches:
        bench.close()


@pytest.fixture(scope='module')
def depth(start):
    return start('depth')


@pytest.fixture(scope='module')
def odometry(start):
    return start('odometry')


def refusal(bench, *services):
    response = bench.calibrate(*services)
    assert not response.success, response.message
    assert response.message.startswith('not calibrated: ')
    assert not (bench.folder / 'blue.yaml').exists()
    return response.message


def test_nothing_to_compare_with(depth):
    depth.change(scale_reference='none')
    assert 'no reference is set' in refusal(depth)
    depth.change(scale_reference='depth', scale_reference_topic='')
    message = refusal(depth)
    assert 'set the parameter scale_reference_topic; of type sensor_msgs/msg/Image' in message
    assert f'{depth.namespace}/reference' in message
    depth.change(scale_reference_topic='two words')
    assert "'two words' is no name of a topic" in refusal(depth)
    depth.change(scale_reference_topic='depth/image')
    assert 'which this node itself publishes' in refusal(depth)
    depth.change(scale_reference_topic='nothing')
    message = refusal(depth)
    assert 'x stamps, the last: no message of the reference has come' in message
    assert f"nobody publishes on '{depth.namespace}/nothing'" in message
    depth.change(scale_reference_topic='reference')


def test_stamps_of_another_time(depth):
    depth.flaws = Flaws(delay=-90_000_000)
    message = refusal(depth)
    assert 'x stamps' in message
    assert 's from the image, at most 0.05 s are one moment (scale_time_tolerance)' in message
    depth.flaws = Flaws()


def test_nothing_within_reach(depth):
    depth.change(color_max_depth=0.3)
    depth.change(max_depth=0.2)
    assert 'x overlap, the last: expected at least 50 pixels' in refusal(depth)
    depth.change(max_depth=100.0)


def test_no_image(depth):
    response = depth.calibrate(play=False)
    assert 'no image with depth came within' in response.message


def test_an_uncalibrated_camera(depth):
    depth.flaws = Flaws(uncalibrated=True)
    assert 'x uncalibrated, the last: the camera is not calibrated' in refusal(depth)
    depth.flaws = Flaws()


def test_depth_of_a_camera_elsewhere(depth):
    depth.flaws = Flaws(frame='other_optical')
    message = refusal(depth)
    assert "in the frame of the images, 'front_optical', got 'other_optical'" in message
    depth.flaws = Flaws()


def test_a_robot_that_stands(odometry):
    odometry.flaws = Flaws(still=True)
    odometry.change(calibration_seconds=8.0)
    message = refusal(odometry)
    assert 'x still, the last: expected a motion of at least 0.01 m' in message
    odometry.change(calibration_seconds=1.5)
    odometry.flaws = Flaws()


def test_a_way_between_the_frames_that_nobody_knows(start):
    bench = start('lidar', lidar='lidar')
    message = refusal(bench)
    assert "the static transform between 'lidar' and 'front_optical' in /tf_static" in message


def test_an_inactive_node_and_one_that_is_deactivated_meanwhile(odometry):
    client = odometry.node.create_client(Trigger, 'depth_node/calibrate')
    odometry.wait(client.service_is_ready, 'the service')
    odometry.change(calibration_seconds=60.0)
    future = client.call_async(Trigger.Request())
    odometry.wait(lambda: 'collecting since' in odometry.values().get('scale_calibration', ''),
                  'progress', odometry.play)
    assert odometry.transition('deactivate')
    odometry.wait(future.done, 'the answer')
    assert future.result().message == 'not calibrated: the node was deactivated'
    assert 'the node is not active' in refusal(odometry)
    assert odometry.transition('activate')
    odometry.change(calibration_seconds=1.5)
    odometry.node.destroy_client(client)

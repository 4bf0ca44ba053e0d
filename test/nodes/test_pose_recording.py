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

"""The shipped recording, with its depth camera and tf, through the real pose node over DDS."""

from array import array
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Odometry
import numpy as np
from pose_bench import numbers, position, transform
import pytest
from rosbags.highlevel import AnyReader
from sa4depth_ros.runtime.transform_tree import pose_matrix
from sensor_msgs.msg import CameraInfo, CompressedImage
from transform_bench import TransformBench

RECORDING = Path(__file__).resolve().parents[2] / 'recordings' / 'demo_room'
IMAGE, INFO = '/camera/image_raw/compressed', '/camera/camera_info'
DEPTH, TRUTH = '/camera/depth/image_raw/compressedDepth', '/ground_truth/odom'
PROGRAM = ('-m', 'sa4depth_ros.nodes.pose_node')
FRAMES = 40


@pytest.fixture(scope='module')
def recording():
    """Give frames {topic: message} in their order, and the static transform of the camera."""
    with AnyReader([RECORDING]) as reader:
        frames, static = {}, None
        for connection, _, raw in reader.messages():
            message = reader.deserialize(raw, connection.msgtype)
            if connection.topic == '/tf_static':
                static = message.transforms[0]
            elif connection.topic in (IMAGE, INFO, DEPTH, TRUTH):
                stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
                frames.setdefault(stamp, {})[connection.topic] = message
    return {stamp: frames[stamp] for stamp in sorted(frames)[:FRAMES]}, static


class RecordingBench(TransformBench):
    """Plays frames of the recording, one after the other."""

    def __init__(self, *args, **options):
        super().__init__(*args, program=PROGRAM, transport='compressed', arguments=(
            '-p', 'depth_transport:=compressedDepth', '-p', 'base_frame:=base_link'), **options)
        self._compressed = self.node.create_publisher(
            CompressedImage, 'depth/image/compressedDepth', 1)

    def play(self, stamp, frame, *, black=False):
        """Send a frame until its odometry is there, and give that."""
        image, depth = (_compressed(frame[topic]) for topic in (IMAGE, DEPTH))
        if black:
            image.data = array('B', BLACK)
        found = []

        def send():
            self.send(image, _info(frame[INFO]), stamp)
            depth.header = image.header
            self._compressed.publish(depth)
        self.wait(lambda: found.extend(self.odom.with_stamps({stamp})) or found,
                  'odometry', send)
        return found[0]


def _compressed(message):
    return CompressedImage(format=message.format, data=array('B', message.data.tobytes()))


def _info(message):
    return CameraInfo(
        width=message.width, height=message.height, distortion_model=message.distortion_model,
        d=message.d.tolist(), k=message.k, r=message.r, p=message.p)


def _black():
    import cv2
    return cv2.imencode('.jpg', np.zeros((360, 480, 3), np.uint8))[1].tobytes()


BLACK = _black()


def _matrix(pose):
    q, t = pose.orientation, pose.position
    return pose_matrix(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))


@pytest.fixture
def bench(start_bench, tf_environment, recording):
    bench = start_bench(kind=RecordingBench, environment=tf_environment)
    _, static = recording
    t, q = static.transform.translation, static.transform.rotation
    bench.publish_static(transform('base_link', 'camera_optical', (t.x, t.y, t.z),
                                   (q.x, q.y, q.z, q.w)))
    yield bench
    for message in bench.odom.messages:
        assert np.isfinite(numbers(message)).all()
    bench.close()


def test_the_base_goes_where_it_went(bench, recording):
    """Position within 2 % of the way and 1 degree, in the axes of the base at the start."""
    frames, static = recording
    t, q = static.transform.translation, static.transform.rotation
    mount = pose_matrix(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))
    truths = [_matrix(frame[TRUTH].pose.pose) @ np.linalg.inv(mount) for frame in frames.values()]
    answers = [bench.play(stamp, frame) for stamp, frame in frames.items()]
    expected = np.linalg.inv(truths[0]) @ truths[-1]
    steps = np.diff([T[:3, 3] for T in truths], axis=0)
    way = np.linalg.norm(steps, axis=1).sum()
    assert way > 0.5
    found = _matrix(answers[-1].pose.pose)
    assert np.linalg.norm(found[:3, 3] - expected[:3, 3]) < 0.02 * way
    turn = np.arccos(np.clip((np.trace(found[:3, :3].T @ expected[:3, :3]) - 1) / 2, -1, 1))
    assert np.degrees(turn) < 1
    # Down is down: what the base drives, it drives in a plane.
    assert abs(found[2, 3]) < 0.02 * way
    assert answers[-1].pose.covariance[0] > answers[1].pose.covariance[0]
    status = bench.await_status(lambda s: True, 'a status')
    assert bench.values()['state'] == 'tracking'
    assert status.level == DiagnosticStatus.OK or bench.values()['rate_in_hz'] == '0.00'
    assert bench.values()['unit'] == 'm'
    assert bench.sent('base_link')


def test_a_lens_that_is_covered_for_a_while(bench, recording):
    """Black images: lost, held, and then on from there without a jump."""
    frames, _ = recording
    stamps = list(frames)
    before = [bench.play(stamp, frames[stamp]) for stamp in stamps[:6]]
    covered = [bench.play(stamp, frames[stamp], black=True) for stamp in stamps[6:12]]
    bench.await_value('state', 'lost')
    assert position(covered[-1]) == position(covered[0])
    assert covered[-1].pose.covariance[0] > before[-1].pose.covariance[0]
    assert covered[-1].twist.covariance[0] == 9999
    after = [bench.play(stamp, frames[stamp]) for stamp in stamps[12:20]]
    bench.await_value('state', 'tracking')
    way = [np.linalg.norm(np.subtract(position(b), position(a)))
           for a, b in zip([covered[-1], *after], after)]
    assert max(way) < 0.1
    assert all(isinstance(message, Odometry) for message in after)

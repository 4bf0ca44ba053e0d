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
import copy
from pathlib import Path

import cv2
import numpy as np
from pose_bench import numbers, position, transform
import pytest
from rosbags.highlevel import AnyReader
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_decoding import compressed_depth
from sa4depth_ros.runtime.odometry_estimator import OdometryEstimator
from sa4depth_ros.runtime.odometry_types import OdometryInput
from sa4depth_ros.runtime.pixel_formats import decode_compressed
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
        before = len(self.odom.with_stamps({stamp}))
        return self.wait(lambda: self.odom.with_stamps({stamp})[before:], 'odometry',
                         lambda: self._send(stamp, frame, black))[0]

    def _send(self, stamp, frame, black=False):
        image, depth = (_compressed(frame[topic]) for topic in (IMAGE, DEPTH))
        if black:
            image.data = array('B', BLACK)
        self.send(image, _info(frame[INFO]), stamp)
        depth.header = image.header
        self._compressed.publish(depth)
        return stamp

    def begin(self, stamp, frame):
        """Play the first frame until its transform has come, and let odom begin there."""
        stamps = iter(range(stamp - 10**9, stamp))
        sent = set()
        self.wait(lambda: self.odom.with_stamps(sent), 'odometry',
                  lambda: sent.add(self._send(next(stamps), frame)))
        assert self.reset().success
        self.odom.messages.clear()


def _compressed(message):
    return CompressedImage(format=message.format, data=array('B', message.data.tobytes()))


def _info(message):
    return CameraInfo(
        width=message.width, height=message.height, distortion_model=message.distortion_model,
        d=message.d.tolist(), k=message.k, r=message.r, p=message.p)


BLACK = cv2.imencode('.jpg', np.zeros((360, 480, 3), np.uint8))[1].tobytes()


def _matrix(pose):
    q, t = pose.orientation, pose.position
    return pose_matrix(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))


@pytest.fixture
def bench(start_bench, tf_environment, recording):
    bench = start_bench(kind=RecordingBench, environment=tf_environment)
    frames, static = recording
    t, q = static.transform.translation, static.transform.rotation
    bench.publish_static(transform('base_link', 'camera_optical', (t.x, t.y, t.z),
                                   (q.x, q.y, q.z, q.w)))
    bench.begin(*next(iter(frames.items())))
    yield bench
    for message in bench.odom.messages:
        assert np.isfinite(numbers(message)).all()
    bench.close()


def _mount(recording):
    t, q = recording[1].transform.translation, recording[1].transform.rotation
    return pose_matrix(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))


def _truths(recording):
    """Give the true poses of the base, in its axes at the start."""
    mount = np.linalg.inv(_mount(recording))
    poses = [_matrix(frame[TRUTH].pose.pose) @ mount for frame in recording[0].values()]
    return [np.linalg.inv(poses[0]) @ pose for pose in poses]


def _off(message, truth):
    return float(np.linalg.norm(np.subtract(position(message), truth[:3, 3])))


def _input(stamp, frame):
    info, depth = frame[INFO], frame[DEPTH]
    camera = CameraModel.from_calibration(
        width=info.width, height=info.height, K=info.k, D=info.d, R=info.r, P=info.p,
        distortion_model=info.distortion_model)
    return OdometryInput(
        decode_compressed(frame[IMAGE].data, frame[IMAGE].format), camera,
        compressed_depth(depth.data, depth.format), None, 'm', 1e-9 * stamp)


def test_the_node_tells_what_the_odometry_finds(bench, recording):
    """The same frames through the estimator alone, its pose turned into that of the base."""
    mount, estimator = _mount(recording), OdometryEstimator()
    for stamp, frame in list(recording[0].items())[:10]:
        message, result = bench.play(stamp, frame), estimator.update(_input(stamp, frame))
        expected = mount @ result.T_camera2odom @ np.linalg.inv(mount)
        np.testing.assert_allclose(_matrix(message.pose.pose), expected, atol=1e-5)
    estimator.close()


def test_the_base_goes_where_it_went(bench, recording):
    """Position within 2 % of the way and 1 degree, in the axes of the base at the start."""
    frames, _ = recording
    truths = _truths(recording)
    answers = [bench.play(stamp, frame) for stamp, frame in frames.items()]
    way = sum(np.linalg.norm(np.diff([T[:3, 3] for T in truths], axis=0), axis=1))
    assert way > 0.5
    assert _off(answers[-1], truths[-1]) < 0.02 * way
    found, expected = _matrix(answers[-1].pose.pose), truths[-1]
    turn = np.arccos(np.clip((np.trace(found[:3, :3].T @ expected[:3, :3]) - 1) / 2, -1, 1))
    assert np.degrees(turn) < 1
    # Down is down: what the base drives, it drives in a plane.
    assert abs(found[2, 3]) < 0.02 * way
    assert answers[-1].pose.covariance[0] > answers[1].pose.covariance[0]
    bench.await_value('state', 'tracking')
    assert bench.values()['unit'] == 'm'
    assert bench.sent('base_link')


@pytest.mark.parametrize('memory', [10.0, 0.0])
def test_a_lens_that_is_covered_for_a_while(bench, recording, memory):
    """
    Black images: lost, held, and found again.

    With memory it finds its keyframe and catches up with what was driven meanwhile; without, it
    goes on from where it was held, without a jump.
    """
    assert bench.change(memory=memory)[0].successful
    frames, truths, stamps = recording[0], _truths(recording), list(recording[0])
    before = [bench.play(stamp, frames[stamp]) for stamp in stamps[:6]][-1]
    covered = [bench.play(stamp, frames[stamp], black=True) for stamp in stamps[6:10]]
    bench.await_value('state', 'lost')
    for message in covered:
        np.testing.assert_allclose(position(message), position(before), atol=1e-9)
        assert message.twist.covariance[0] == 9999
    variances = [message.pose.covariance[0] for message in (before, *covered)]
    assert variances == sorted(variances)
    assert variances[-1] > variances[0]
    after = [bench.play(stamp, frames[stamp]) for stamp in stamps[10:18]]
    bench.await_value('state', 'tracking')
    missed = _off(before, truths[10])
    assert missed > 0.05
    if memory:
        assert _off(after[0], truths[10]) < 0.2 * missed
    else:
        np.testing.assert_allclose(position(after[0]), position(before), atol=1e-9)
        driven = np.linalg.norm(np.subtract(position(after[-1]), position(after[0])))
        assert driven == pytest.approx(
            np.linalg.norm(truths[17][:3, 3] - truths[10][:3, 3]), rel=0.1)


def _half(frame):
    """Give the frame as a camera of half the resolution would see it."""
    image, info = copy.deepcopy(frame[IMAGE]), copy.deepcopy(frame[INFO])
    pixels = cv2.resize(cv2.imdecode(image.data, cv2.IMREAD_COLOR), None, fx=0.5, fy=0.5,
                        interpolation=cv2.INTER_AREA)
    image.data = cv2.imencode('.jpg', pixels)[1].ravel()
    info.width, info.height = info.width // 2, info.height // 2
    half = np.diag([0.5, 0.5, 1.0])
    info.k = (half @ info.k.reshape(3, 3)).ravel()
    info.p = (half @ info.p.reshape(3, 4)).ravel()
    return {**frame, IMAGE: image, INFO: info}


def test_time_that_jumps_back_and_a_camera_that_changes_are_no_jump(bench, recording):
    frames, stamps = recording[0], list(recording[0])
    last = [bench.play(stamp, frames[stamp]) for stamp in stamps[4:10]][-1]
    again = [bench.play(stamp, frames[stamp]) for stamp in stamps[:4]]
    np.testing.assert_allclose(position(again[0]), position(last), atol=1e-9)
    smaller = [bench.play(stamp, _half(frames[stamp])) for stamp in stamps[4:8]]
    np.testing.assert_allclose(position(smaller[0]), position(again[-1]), atol=1e-9)
    bench.await_value('state', 'tracking')
    assert int(bench.values()['stream_restarts']) >= 1
    assert int(bench.values()['losses']) == 0

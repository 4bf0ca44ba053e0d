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

"""The shipped recording as the odometry takes it, decoded once."""

from functools import cache
from pathlib import Path

import numpy as np
from rosbags.highlevel import AnyReader
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_decoding import compressed_depth
from sa4depth_ros.runtime.odometry_types import OdometryInput
from sa4depth_ros.runtime.pixel_formats import decode_compressed
from sa4depth_ros.runtime.transform_tree import pose_matrix

TOPICS = ('/camera/camera_info', '/camera/image_raw/compressed',
          '/camera/depth/image_raw/compressedDepth', '/ground_truth/odom')
RECORDING = Path(__file__).resolve().parents[1] / 'recordings' / 'demo_room'


@cache
def frames(number=40):
    """Give (OdometryInput, T_camera2world) of the first frames, with exact depth in metres."""
    found = {}
    with AnyReader([RECORDING]) as reader:
        for connection, _, raw in reader.messages():
            if connection.topic in TOPICS:
                message = reader.deserialize(raw, connection.msgtype)
                stamp = message.header.stamp
                key = stamp.sec + 1e-9 * stamp.nanosec
                found.setdefault(key, {})[connection.topic] = message
    return [_frame(key, found[key]) for key in sorted(found)[:number]]


def distance(a, b):
    """Give the metres between two poses (4, 4)."""
    return float(np.linalg.norm(a[:3, 3] - b[:3, 3]))


def angle(a, b):
    """Give the degrees between two poses (4, 4)."""
    turn = a[:3, :3].T @ b[:3, :3]
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))


def _frame(seconds, messages):
    info, image, packed, truth = (messages[topic] for topic in TOPICS)
    camera = CameraModel.from_calibration(
        width=info.width, height=info.height, K=info.k, D=info.d, R=info.r, P=info.p,
        distortion_model=info.distortion_model)
    rgb = decode_compressed(image.data, image.format)
    depth = compressed_depth(packed.data, packed.format)
    given = OdometryInput(rgb, camera, depth, None, 'm', seconds)
    q, t = truth.pose.pose.orientation, truth.pose.pose.position
    return given, pose_matrix(np.array([q.x, q.y, q.z, q.w]), np.array([t.x, t.y, t.z]))

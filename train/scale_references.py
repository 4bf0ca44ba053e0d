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

"""What the frames of a bag say of the scale: by depth camera, lidar, odometry, known distance."""

from collections.abc import Callable, Iterator
import math

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, FrameError
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.scale import robust_deviation, ScaleCollector
from sa4depth_ros.runtime.scale_depth import (
    depth_log_scale, distance_log_scale, project_points)
from sa4depth_ros.runtime.scale_tracks import pair_log_scale, rectifying, tracking_picture
from sa4depth_ros.runtime.tracked_motion import tracked_pairs, TrackedFrame, TrackedPair
from sa4depth_train.bag_clouds import BagClouds
from sa4depth_train.bag_dataset import rectified_depth
from sa4depth_train.bag_poses import BagPoses
from sa4depth_train.scale_config import KnownDistance
from sa4depth_train.scale_frames import NumberedFrame, ScaleFrames, View
from tqdm import tqdm

Depth = NDArray[np.float32]
Matrix = NDArray[np.float64]


def depth_scales(frames: ScaleFrames, collector: ScaleCollector) -> str:
    """Compare with a depth camera registered to the images; give its topic."""
    topic = frames.bag.topics.depth
    if topic is None:
        raise BagError(f"bag '{frames.bag.path}' has no depth topic for the reference depth; name "
                       'one of several by --depth-topic')

    def measured(frame: NumberedFrame, view: View) -> Depth:
        depth = frames.bag.read_depth(frame.entry)
        if depth is None:
            raise FrameError(f'no {topic} within {frames.config.max_time_difference} s of image '
                             f'{frame.number} (--max-time-difference)', 'stamps')
        return rectified_depth(depth, view.geometry, f'frame {frame.number}')

    _compare(frames, collector, measured)
    return topic


def lidar_scales(frames: ScaleFrames, collector: ScaleCollector) -> str:
    """Compare with lidar points, brought into the camera by /tf_static; give their topic."""
    topic = frames.cloud_topic()
    if topic is None:
        raise BagError(f"bag '{frames.bag.path}' has no PointCloud2 topic for the reference lidar")
    clouds = BagClouds(frames.reader, topic)
    T_lidar2camera = frames.transforms.between(clouds.frame, frames.bag.camera_frame)
    tolerance = frames.config.max_time_difference

    def measured(frame: NumberedFrame, view: View) -> Depth:
        stamp = frame.entry.image.stamp
        away = clouds.distance(stamp) * 1e-9
        if away > tolerance:
            raise FrameError(f'the nearest {topic} is {away:.3f} s from image {frame.number}, at '
                             f'most {tolerance} s are one moment (--max-time-difference)',
                             'stamps')
        T_lidar2view = rectifying(view.camera) @ T_lidar2camera
        return project_points(
            clouds.near(stamp), T_lidar2view, view.camera.P, view.geometry.image_size)

    _compare(frames, collector, measured)
    return topic


def odometry_scales(frames: ScaleFrames, collector: ScaleCollector) -> str:
    """Triangulate followed points by metric motion, compare their depth; give the topic."""
    topic, poses, T_camera2body = camera_poses(frames)
    shown = tqdm(frames.entries, desc=frames.bag.name, disable=None)
    for pair in tracked_pairs(_tracked(frames, shown, poses, T_camera2body, collector)):
        try:
            collector.add(_pair_log_scale(frames, pair))
        except FrameError as error:
            collector.refuse(error)
    return topic


def camera_poses(frames: ScaleFrames) -> tuple[str, BagPoses, Matrix]:
    """
    Give the topic of odometry, the poses it has, and T_camera2body for the body it is about.

    Raises BagError when there is none, or no static transform between the two.
    """
    topic, named = frames.bag.odometry_topic, frames.bag.odometry_frame
    if topic is None or named is None:
        raise BagError(f"bag '{frames.bag.path}' has no messages of nav_msgs/Odometry or "
                       'geometry_msgs/PoseStamped for the reference odometry')
    body = frames.config.odom_frame or named
    if not body:
        raise BagError(f'{topic} does not say whose poses it gives (no child_frame_id); name the '
                       'frame by --odom-frame, such as base_link')
    T_camera2body = frames.transforms.between(frames.bag.camera_frame, body)
    tolerance = int(frames.config.max_time_difference * 1e9)
    # It warns where the poses are not the camera's; here the way between them is known.
    return topic, BagPoses(frames.reader, lambda: topic, tolerance, named), T_camera2body


def distance_scales(frames: ScaleFrames, collector: ScaleCollector) -> float:
    """Compare with known distances; give their common error as a fraction."""
    errors = []
    for known in frames.config.distances:
        if known.frame >= len(frames.bag.frames):
            raise BagError(f'there is no frame {known.frame}: the bag has '
                           f'{len(frames.bag.frames)} images on {frames.bag.topics.image}')
        view = frames.view(frames.bag.frames[known.frame])
        try:
            depth, box = frames.predict(view), rectified_box(known, view.camera)
            K = None if frames.config.along_axis else view.camera.P
            collector.add(distance_log_scale(depth, box, known.metres, K))
            errors.append(math.hypot(_spread(depth, box), frames.config.tape_error / known.metres))
        except FrameError as error:
            collector.refuse(error)
    return float(np.mean(errors)) if errors else 0.0


def rectified_box(known: KnownDistance, camera: CameraModel) -> tuple[int, int, int, int]:
    """Give the box (x, y, width, height) on rectified pixels."""
    x, y, width, height = known.box
    corners = np.array([[x, y], [x + width - 1, y], [x, y + height - 1],
                        [x + width - 1, y + height - 1]], dtype=np.float64)
    if not camera.is_rectified:
        fisheye = camera.distortion_model == 'equidistant'
        undistort = cv2.fisheye.undistortPoints if fisheye else cv2.undistortPoints
        corners = undistort(corners[:, None], camera.K, np.array(camera.D or (0.0,) * 4),
                            R=camera.R, P=camera.P).reshape(-1, 2)
    low, high = np.rint(corners.min(0)).astype(int), np.rint(corners.max(0)).astype(int)
    return int(low[0]), int(low[1]), int(high[0] - low[0] + 1), int(high[1] - low[1] + 1)


def _compare(
    frames: ScaleFrames, collector: ScaleCollector,
    measured: Callable[[NumberedFrame, View], Depth],
) -> None:
    for frame in tqdm(frames.spread(frames.entries), desc=frames.bag.name, disable=None):
        try:
            view = frames.view(frame.entry)
            reference = _limited(measured(frame, view), frames)
            collector.add(depth_log_scale(frames.predict(view), reference))
        except FrameError as error:
            collector.refuse(error)


def _limited(depth: Depth, frames: ScaleFrames) -> Depth:
    inside = (depth >= frames.config.min_depth) & (depth <= frames.config.max_depth)
    return np.where(inside, depth, np.float32(0))


def _spread(depth: Depth, box: tuple[int, int, int, int]) -> float:
    """Robust standard deviation of log depth in a box."""
    x, y, width, height = box
    part = depth[y:y + height, x:x + width]
    values = np.log(part[(part > 0) & np.isfinite(part)])
    return robust_deviation(values)


def _tracked(
    frames: ScaleFrames, shown: Iterator[NumberedFrame], poses: BagPoses, T_camera2body: Matrix,
    collector: ScaleCollector,
) -> Iterator[TrackedFrame]:
    for number, entry in shown:
        T_body2world = poses.at(entry.image.stamp)
        if T_body2world is None:
            collector.refuse(FrameError(
                f'no pose within {frames.config.max_time_difference} s of image {number} '
                '(--max-time-difference)', 'stamps'))
            continue
        view = frames.view(entry)
        camera = view.camera
        pose = T_body2world @ T_camera2body @ np.linalg.inv(rectifying(camera))
        yield TrackedFrame(number, *tracking_picture(view.rgb, view.geometry), pose)


def _pair_log_scale(frames: ScaleFrames, pair: TrackedPair) -> float:
    view = frames.view(frames.bag.frames[pair.first.number])
    return pair_log_scale(pair, frames.predict(view), view.camera.P)

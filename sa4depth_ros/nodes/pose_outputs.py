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

"""The topics that the pose node publishes."""

from collections import deque
from typing import Any

from nav_msgs.msg import Odometry, Path
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.camera_mount import CameraMount
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.nodes.pose_messages import odometry_message, pose_stamped, transform_message
from sa4depth_ros.nodes.pose_parameters import PoseParameters
from sa4depth_ros.nodes.qos import output_events, output_qos, overridable, override_errors
from sa4depth_ros.runtime.body_frame import BodyMotion
from sa4depth_ros.runtime.odometry_types import OdometryResult
from std_msgs.msg import Header

_TF = '/tf'
# A path is sent whole, 7 ms for a thousand poses, so it is not sent with every frame.
_PATH_PERIOD_NS = 500_000_000
_PATH_SPACING_NS = 200_000_000


class PoseOutputs:
    """Publishers of odometry, path and tf, in the frames that the parameters name."""

    def __init__(self, node: LifecycleNode, given: PoseParameters, mount: CameraMount) -> None:
        """Offer the topics; ConfigError when their QoS cannot be."""
        self._node = node
        self._mount = mount
        self._odom = self._publisher(Odometry, 'odom')
        self._path_topic = self._publisher(Path, 'path')
        self._tf: Any = None
        self.tf_state = 'off'
        if given.publish_tf:
            self._offer_tf()
        self._path: deque[Any] = deque(maxlen=given.path_length)
        self._path_sent = self._tf_sent = 0

    def _publisher(self, kind: type, name: str) -> Any:
        topic = self._node.resolve_topic_name(name)
        with override_errors(topic):
            return self._node.create_lifecycle_publisher(
                kind, name, output_qos(), qos_overriding_options=overridable(),
                event_callbacks=output_events(topic, self._node.get_logger().warning))

    def _offer_tf(self) -> None:
        try:
            from tf2_msgs.msg import TFMessage
        except ImportError:
            # Nobody on this machine can read tf either, so this is told once.
            self.tf_state = 'impossible: tf2_msgs is not installed'
            self._node.get_logger().warning(
                'tf is not published, as tf2_msgs is not installed '
                '(apt install ros-$ROS_DISTRO-tf2-msgs)')
            return
        self._message = TFMessage
        # As tf2_ros publishes.
        self._tf = self._node.create_lifecycle_publisher(TFMessage, _TF, QoSProfile(depth=100))
        self.tf_state = 'published'

    def publish(self, image: Header, result: OdometryResult, given: PoseParameters) -> None:
        """
        Send the pose of a frame with the header ``image``.

        Raises FrameError when the camera's place on the body is not known, or when the result
        has numbers that are none.
        """
        motion = self._mount.body(image.frame_id).motion(
            result.T_camera2odom, result.pose_covariance, result.twist, result.twist_covariance)
        is_lost = result.state == 'lost'
        if is_lost:
            motion = BodyMotion.null() if given.when_lost == 'null_pose' else motion.held()
        if not motion.is_finite:
            raise FrameError('the odometry has a number that is none, so it is not published; '
                             'please report it', 'internal')
        child = self._mount.child_frame(image.frame_id)
        header = Header(stamp=image.stamp, frame_id=given.odom_frame)
        self._odom.publish(odometry_message(header, child, motion))
        if not (is_lost and given.when_lost == 'null_pose'):
            self._send_transform(header, child, motion)
        if not is_lost:
            self._extend_path(header, motion, given.path_length)

    def begin_anew(self) -> None:
        """Forget the path, and where the body started."""
        self._path.clear()
        self._mount.begin_anew()

    def close(self) -> None:
        """Take the topics back."""
        for publisher in (self._odom, self._path_topic, self._tf):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _send_transform(self, header: Header, child: str, motion: BodyMotion) -> None:
        if self._tf is None or not child:
            return
        parent = self._mount.other_parent(child, header.frame_id)
        if parent:
            self.tf_state = (f"not published: '{child}' sits in '{parent}' already; "
                             'set base_frame to the root of the robot, or publish_tf to false')
            return
        self.tf_state = 'published'
        # tf complains of a stamp that it has already.
        stamp = nanoseconds(header.stamp)
        if stamp != self._tf_sent:
            self._tf.publish(self._message(transforms=[transform_message(header, child, motion)]))
        self._tf_sent = stamp

    def _extend_path(self, header: Header, motion: BodyMotion, length: int) -> None:
        stamp = nanoseconds(header.stamp)
        last = nanoseconds(self._path[-1].header.stamp) if self._path else 0
        if abs(stamp - last) >= _PATH_SPACING_NS:
            if length != self._path.maxlen:
                self._path = deque(self._path, maxlen=length)
            self._path.append(pose_stamped(header, motion))
        if (abs(stamp - self._path_sent) >= _PATH_PERIOD_NS
                and self._path_topic.get_subscription_count() > 0):
            self._path_topic.publish(Path(header=header, poses=list(self._path)))
            self._path_sent = stamp

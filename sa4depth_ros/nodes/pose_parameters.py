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

"""The parameters of the pose node, declared and validated in one place."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.nodes.declared_parameters import (
    accept_substitutes, check, declare, fixed, given_parameters, live, live_choice,
    live_value, unknown_parameters)
from sa4depth_ros.runtime.odometry_types import GUESSES, OdometrySettings

DEVICES = ('cpu', 'cuda')
UNITS = ('m', 'relative')
WHEN_LOST = ('hold', 'null_pose')


@dataclass(frozen=True)
class PoseParameters:
    """
    Every parameter of the pose node; what it holds is valid, or ConfigError was raised.

    Those that are live can be set while the node runs and count from the next frame on; the
    others are read-only.
    """

    motion_model: str = fixed(
        '', 'Motion files: one of them, or the model beside them; empty: those beside the model '
        'of the depth node in the same process, or those that are shipped.')
    device: str = fixed('cpu', 'What runs the motion files.', DEVICES)
    threads: int = fixed(0, 'CPU threads of the engine; 0: the engine decides.', least=0)
    camera: str = fixed(
        '', 'Name of the camera to follow, its topics lie below it; empty: the only one or the '
        'first.')
    image_transport: str = fixed('raw', 'How images come in.', ('raw', 'compressed'))
    depth_transport: str = fixed('raw', 'How depth comes in.', ('raw', 'compressedDepth'))
    rectify: bool = fixed(
        True, 'Undistort the images; false: they come rectified (image_rect), P holds for them.')
    depth_unit: str = fixed(
        'm', 'Unit of depth that comes by topic; relative: odometry is in the same unit.', UNITS)
    depth_predicted: bool = fixed(
        False, 'Depth that comes by topic is made by a network, so its scale varies a little.')
    odom_frame: str = fixed('odom', 'Frame of the odometry.')
    base_frame: str = fixed(
        '', 'Frame whose motion is told, connected to the camera by tf; empty: the camera itself.')
    publish_tf: bool = fixed(True, 'Publish the transform from odom_frame to base_frame.')
    autostart: bool = fixed(True, 'Configure and activate without being asked.')
    initial_guess: str = live_choice(
        'constant_velocity', 'Where the alignment starts.', GUESSES)
    when_lost: str = live_choice(
        'hold', 'What to publish while lost: the last pose, or a null pose.', WHEN_LOST)
    lost_after: float = live(
        2.0, 'Seconds without a usable frame after which the camera is lost.', 0.1, 3600.0)
    sync_tolerance: float = live(
        0.01, 'Most seconds between the stamps of an image and its depth.', 0.0, 1.0)
    max_rate: float = live(0.0, 'Most frames per second to work on; 0: no limit.', 0.0, 1e3)
    path_length: int = live(1000, 'Most poses in path.', 1, 100000)
    min_inliers: float = live(0.06, 'Least share of the points seen that must agree.', 0.0, 1.0)
    sure_inliers: float = live(
        0.15, 'Share of all points that are seen and agree, below which other first guesses are '
        'tried as well.', 0.0, 1.0)
    min_overlap: float = live(
        0.2, 'Least share of the points of the keyframe that must be in view.', 0.0, 1.0)
    keyframe_flow: float = live(
        0.08, 'Movement of the picture, as a share of its width, that makes a new keyframe.',
        0.0, 1.0)
    keyframe_overlap: float = live(
        0.7, 'Share of points still in view below which there is a new keyframe.', 0.0, 1.0)
    stationary_flow: float = live(
        0.15, 'Movement of the picture in pixels of the network input that counts as none.',
        0.0, 100.0)
    memory: float = live(
        1.0, 'Seconds for which a lost camera is looked for at its keyframe.', 0.0, 3600.0)
    predicted_depth_sigma: float = live(
        0.3, 'Relative standard deviation of depth at a point where a network made it; the '
        'larger, the less depth decides the motion.', 0.0, 10.0)
    predicted_relief_sigma: float = live(
        3.0, 'The same in a last correction of turn and direction.', 0.0, 10.0)
    measured_depth_sigma: float = live(
        0.05, 'Of both, where a sensor measured depth; 0: depth is exact.', 0.0, 10.0)
    predicted_scale_sigma: float = live(
        0.15, 'Relative standard deviation of the scale of depth that a network made, for the '
        'covariances; less when it is calibrated.', 0.0, 10.0)
    refine_depth: bool = live_value(
        False, 'Correct predicted depth of a keyframe by what later frames see.')

    def __post_init__(self) -> None:
        for item in fields(self):
            check(item, getattr(self, item.name))
        if not self.odom_frame:
            raise ConfigError("expected 'odom_frame' to be the name of a frame, got none")
        if self.odom_frame == self.base_frame:
            raise ConfigError("expected 'odom_frame' and 'base_frame' to be two frames, got "
                              f"'{self.odom_frame}' for both")

    @property
    def settings(self) -> OdometrySettings:
        """Give those that the estimator knows by the same names."""
        return OdometrySettings(**{
            item.name: getattr(self, item.name) for item in fields(OdometrySettings)})


class PoseNodeParameters:
    """Declares the parameters on a node and keeps them in step with what is set."""

    def __init__(self, node: Node, others: Iterable[str] = ()) -> None:
        """
        Declare; ConfigError when a value that the user gave is impossible.

        Names like ``others`` are no reason for a warning: parameters of our other nodes.
        """
        given = given_parameters(node)
        accept_substitutes(given, PoseParameters)
        names = [item.name for item in fields(PoseParameters)]
        self.current = PoseParameters(**{
            item.name: declare(node, item.name, item) for item in fields(PoseParameters)})
        for line in unknown_parameters(given, names, others):
            node.get_logger().warning(line)
        node.add_on_set_parameters_callback(self._on_set)

    def _on_set(self, changes: list[Parameter]) -> SetParametersResult:
        values = {change.name: change.value for change in changes}
        own = {item.name: values[item.name] for item in fields(PoseParameters)
               if item.name in values}
        try:
            self.current = replace(self.current, **own)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

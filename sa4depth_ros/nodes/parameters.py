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

"""The parameters of the depth node, declared and validated in one place."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
import re

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.nodes.declared_parameters import (
    accept_substitutes, check, declare, fixed, given_parameters, live, live_choice, live_value,
    unknown_parameters)
from sa4depth_ros.runtime.engines import BACKENDS

_CAMERA = re.compile(r'(?!.*__)[A-Za-z_][A-Za-z0-9_]*')
_SCALES = (1e-4, 1e4)


@dataclass(frozen=True)
class DepthParameters:
    """
    Every parameter of the depth node; what it holds is valid, or ConfigError was raised.

    The live ones can be set while the node runs and count from the next frame on; the others
    are read-only. A single camera without a name has its topics right in the namespace
    of the node.
    """

    model: str = fixed('', 'Model file (.onnx, .safetensors); empty: the model that is shipped.')
    backend: str = fixed('auto', 'What runs the model.', BACKENDS)
    threads: int = fixed(0, 'CPU threads of the engine; 0: the engine decides.', least=0)
    engine_cache: str = fixed(
        '', "Folder for the engines that TensorRT builds; empty: the user's cache folder.")
    engine_workspace_mb: int = fixed(
        0, 'Most MiB of scratch memory for TensorRT; 0: its own limit.', least=0)
    cuda_graph: bool = fixed(False, 'Replay inference as one CUDA graph (backend tensorrt).')
    cameras: tuple[str, ...] = fixed(
        ('',), 'Names of the cameras, each with its topics below its name; none: a single one.')
    image_transport: str = fixed('raw', 'How images come in.', ('raw', 'compressed'))
    rectify: bool = fixed(
        True, 'Undistort the images; false: they come rectified (image_rect), P holds for them.')
    output_size: str = fixed(
        'image', 'Size of the outputs: the image or the network input.', ('image', 'model'))
    autostart: bool = fixed(True, 'Configure and activate without being asked.')
    scale: float = live(1.0, 'Factor on depth, on top of the one in the model.', *_SCALES)
    min_depth: float = live(0.1, 'Nearer depth becomes -Inf (REP 117).', 1e-3, 1e4,
                            'less than max_depth and color_max_depth')
    max_depth: float = live(100.0, 'Farther depth becomes +Inf (REP 117).', 1e-3, 1e4,
                            'more than min_depth')
    edge_filter: float = live(
        0.0, 'Relative jump between neighbours that is cut as flying pixels; 0: off.', 0.0, 10.0)
    cloud_stride: int = live(1, 'Take every n-th row and column into the cloud.', 1, 32)
    max_rate: float = live(0.0, 'Most frames per second to work on; 0: no limit.', 0.0, 1e3)
    color_max_depth: float = live(
        10.0, 'Depth at the cold end of the colours of depth/color.', 1e-3, 1e4,
        'more than min_depth')
    scale_reference: str = live_choice(
        'none', 'What tells metres, for ~/calibrate and the watch.',
        ('none', 'depth', 'lidar', 'odometry'))
    scale_reference_topic: str = live_value('', 'Its topic; {camera} is the name of the camera.')
    scale_time_tolerance: float = live(
        0.05, 'Most seconds between an image and its reference.', 0.0, 10.0)
    scale_watch_period: float = live(
        1.0, 'Seconds between two looks at the reference; 0: no watch.', 0.0, 3600.0)
    scale_drift_warn: float = live(
        0.1, 'Warn when the scale is off by more than this fraction.', 0.0, 10.0)
    calibration_seconds: float = live(60.0, 'Longest time that ~/calibrate collects.', 0.1, 3600.0)
    calibration_measurements: int = live(
        200, 'It ends earlier with so many measurements; 0: never.', 0, 100000)
    calibration_save: bool = live_value(True, 'Keep what it finds in the card beside the model.')

    def __post_init__(self) -> None:
        for item in fields(self):
            check(item, getattr(self, item.name))
        _check_cameras(self.cameras)
        for name in ('max_depth', 'color_max_depth'):
            if not self.min_depth < getattr(self, name):
                raise ConfigError(
                    f'expected min_depth < {name}, got min_depth {self.min_depth:g} and {name} '
                    f'{getattr(self, name):g}; set both in one call')


@dataclass(frozen=True)
class _CameraParameters:
    scale: float = live(
        1.0, 'Factor on the depth of this camera, on top of scale.', *_SCALES)


_CAMERA_SCALE = fields(_CameraParameters)[0]


class NodeParameters:
    """Declares the parameters on a node and keeps them in step with what is set."""

    def __init__(self, node: Node, others: Iterable[str] = ()) -> None:
        """
        Declare; ConfigError when a value that the user gave is impossible.

        Names like ``others`` are no reason for a warning: parameters of our other nodes.
        """
        given = given_parameters(node)
        accept_substitutes(given, DepthParameters, [scale_name('')])
        self.current = DepthParameters(**{
            item.name: declare(node, item.name, item) for item in fields(DepthParameters)})
        self._scales = {
            scale_name(camera): float(declare(node, scale_name(camera), _CAMERA_SCALE))
            for camera in self.current.cameras if camera}
        known = [*(item.name for item in fields(DepthParameters)), *self._scales]
        for line in unknown_parameters(given, known, others):
            node.get_logger().warning(line)
        node.add_on_set_parameters_callback(self._on_set)

    def scale_of(self, camera: str) -> float:
        """Give the camera's own factor on depth, on top of ``scale``."""
        return self._scales.get(scale_name(camera), 1.0)

    def _on_set(self, changes: list[Parameter]) -> SetParametersResult:
        values = {change.name: change.value for change in changes}
        scales = {name: values[name] for name in self._scales if name in values}
        own = {item.name: values[item.name] for item in fields(DepthParameters)
               if item.name in values}
        try:
            for scale in scales.values():
                check(_CAMERA_SCALE, scale)
            # rclpy checks types, ranges and read_only first, so nothing can fail after this.
            self.current = replace(self.current, **own)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._scales = self._scales | scales
        return SetParametersResult(successful=True)


def scale_name(camera: str) -> str:
    """Name the parameter that holds a camera's own scale."""
    return f'{camera}.scale'


def _check_cameras(cameras: tuple[str, ...]) -> None:
    if cameras == ('',):
        return
    wrong = [name for name in cameras if not _CAMERA.fullmatch(name)]
    if wrong:
        raise ConfigError(
            "expected 'cameras' to be names of letters, digits and single underscores that do not "
            f'begin with a digit, got {", ".join(repr(name) for name in wrong)}')
    twice = sorted({name for name in cameras if cameras.count(name) > 1})
    if twice:
        raise ConfigError(f"expected every name in 'cameras' once, got {', '.join(twice)} again; "
                          'one camera has one set of topics')

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

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, Field, field, fields, replace
import difflib
import re
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.runtime.engines import BACKENDS

_CAMERA = re.compile(r'(?!.*__)[A-Za-z_][A-Za-z0-9_]*')
_SCALES = (1e-4, 1e4)
_FOREIGN = ('use_sim_time', 'qos_overrides.', 'start_type_description_service')


def _fixed(
    default: Any, text: str, choices: tuple[str, ...] = (), least: int | None = None,
) -> Any:
    return field(default=default, metadata={'text': text, 'choices': choices, 'least': least})


def _live(default: Any, text: str, low: float, high: float) -> Any:
    return field(default=default, metadata={'text': text, 'range': (low, high)})


@dataclass(frozen=True)
class DepthParameters:
    """
    Every parameter of the depth node; what it holds is valid, or ConfigError was raised.

    Those with a range can be set while the node runs and count from the next frame on; the
    others are read-only. A single camera without a name has its topics right in the namespace
    of the node.
    """

    model: str = _fixed('', 'Model file (.onnx, .safetensors); empty: the model that is shipped.')
    backend: str = _fixed('auto', 'What runs the model.', BACKENDS)
    threads: int = _fixed(0, 'CPU threads of the engine; 0: the engine decides.', least=0)
    engine_cache: str = _fixed(
        '', "Folder for the engines that TensorRT builds; empty: the user's cache folder.")
    engine_workspace_mb: int = _fixed(
        0, 'Most MiB of scratch memory for TensorRT; 0: its own limit.', least=0)
    cuda_graph: bool = _fixed(False, 'Replay inference as one CUDA graph (backend tensorrt).')
    cameras: tuple[str, ...] = _fixed(
        ('',), 'Names of the cameras, each with its topics below its name; none: a single one.')
    image_transport: str = _fixed('raw', 'How images come in.', ('raw', 'compressed'))
    rectify: bool = _fixed(
        True, 'Undistort the images; false: they come rectified (image_rect), P holds for them.')
    output_size: str = _fixed(
        'image', 'Size of the outputs: the image or the network input.', ('image', 'model'))
    autostart: bool = _fixed(True, 'Configure and activate without being asked.')
    scale: float = _live(1.0, 'Factor on depth, on top of the one in the model.', *_SCALES)
    min_depth: float = _live(0.1, 'Nearer depth becomes -Inf (REP 117).', 1e-3, 1e4)
    max_depth: float = _live(100.0, 'Farther depth becomes +Inf (REP 117).', 1e-3, 1e4)
    edge_filter: float = _live(
        0.0, 'Relative jump between neighbours that is cut as flying pixels; 0: off.', 0.0, 10.0)
    cloud_stride: int = _live(1, 'Take every n-th row and column into the cloud.', 1, 32)
    max_rate: float = _live(0.0, 'Most frames per second to work on; 0: no limit.', 0.0, 1e3)
    color_max_depth: float = _live(
        10.0, 'Depth at the cold end of the colours of depth/color.', 1e-3, 1e4)

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item, getattr(self, item.name))
        _check_cameras(self.cameras)
        for name in ('max_depth', 'color_max_depth'):
            if not self.min_depth < getattr(self, name):
                raise ConfigError(
                    f'expected min_depth < {name}, got min_depth {self.min_depth:g} and {name} '
                    f'{getattr(self, name):g}; set both in one call')


@dataclass(frozen=True)
class _CameraParameters:
    scale: float = _live(
        1.0, 'Factor on the depth of this camera, on top of scale.', *_SCALES)


_CAMERA_SCALE = fields(_CameraParameters)[0]


class NodeParameters:
    """Declares the parameters on a node and keeps them in step with what is set."""

    def __init__(self, node: Node) -> None:
        """Declare; ConfigError when a value that the user gave is impossible."""
        overrides = _overrides(node)
        _accept_substitutes(overrides)
        self.current = DepthParameters(**{
            item.name: _declare(node, item.name, item) for item in fields(DepthParameters)})
        self._scales = {
            scale_name(camera): float(_declare(node, scale_name(camera), _CAMERA_SCALE))
            for camera in self.current.cameras if camera}
        known = [*(item.name for item in fields(DepthParameters)), *self._scales]
        for line in unknown_parameters(overrides, known):
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
                _check(_CAMERA_SCALE, scale)
            # rclpy checks types, ranges and read_only first, so nothing can fail after this.
            self.current = replace(self.current, **own)
        except ConfigError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._scales = self._scales | scales
        return SetParametersResult(successful=True)


def scale_name(camera: str) -> str:
    """Name the parameter that holds a camera's own scale."""
    return f'{camera}.scale'


def unknown_parameters(given: Iterable[str], known: Sequence[str]) -> list[str]:
    """Give one line of advice for every name in ``given`` that the node does not have."""
    unknown = [name for name in given if name not in known and not name.startswith(_FOREIGN)]
    return [f"the node has no parameter '{name}', so it is ignored; {_advice(name, known)}"
            for name in sorted(unknown)]


def unused_qos_overrides(node: Node) -> list[str]:
    """Give one line for every qos_overrides parameter that matches no topic of ``node``."""
    unused = [name for name in _overrides(node)
              if name.startswith('qos_overrides.') and not node.has_parameter(name)]
    return [f"'{name}' matches no topic or policy of this node, so it is ignored; write "
            'qos_overrides./full/topic.{publisher,subscription}.{reliability,durability,history,'
            'depth}' for name in sorted(unused)]


def _advice(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"it has {', '.join(known)}"


def _overrides(node: Node) -> dict[str, Parameter]:
    # rclpy has no public way to see what the user gave but nobody declared.
    return getattr(node, '_parameter_overrides', {})


def _accept_substitutes(overrides: dict[str, Parameter]) -> None:
    """Let people write ``max_depth: 10`` where ROS insists on 10.0, and an empty list."""
    floats = {item.name for item in fields(DepthParameters) if isinstance(item.default, float)}
    for name, given in list(overrides.items()):
        is_float = name in floats or name.endswith(scale_name(''))
        if is_float and given.type_ == Parameter.Type.INTEGER:
            overrides[name] = Parameter(name, value=float(given.value))
    # A list without members has no type in ROS.
    if 'cameras' in overrides and not overrides['cameras'].value:
        del overrides['cameras']


def _declare(node: Node, name: str, item: 'Field[Any]') -> Any:
    default: Any = item.default
    is_list = isinstance(default, tuple)
    default = list(default) if is_list else default
    try:
        value = node.declare_parameter(name, default, _descriptor(name, item)).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        raise ConfigError(f"parameter '{name}': {error}") from error
    return tuple(value) if is_list else value


def _descriptor(name: str, item: 'Field[Any]') -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        name=name, description=item.metadata['text'], read_only='range' not in item.metadata,
        additional_constraints=_constraints(item))
    if 'range' in item.metadata:
        low, high = item.metadata['range']
        if isinstance(item.default, int):
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
        else:
            descriptor.floating_point_range = [
                FloatingPointRange(from_value=low, to_value=high, step=0.0)]
    return descriptor


def _constraints(item: 'Field[Any]') -> str:
    if item.metadata.get('choices'):
        return f"one of: {', '.join(item.metadata['choices'])}"
    return {'min_depth': 'less than max_depth and color_max_depth',
            'max_depth': 'more than min_depth',
            'color_max_depth': 'more than min_depth'}.get(item.name, '')


def _check(item: 'Field[Any]', value: Any) -> None:
    choices = item.metadata.get('choices')
    if choices and value not in choices:
        raise ConfigError(f"expected '{item.name}' to be one of {', '.join(choices)}, "
                          f"got '{value}'")
    least = item.metadata.get('least')
    if least is not None and value < least:
        raise ConfigError(f"expected '{item.name}' to be {least} or more, got {value}")
    if 'range' in item.metadata:
        low, high = item.metadata['range']
        # A NaN fails this, too.
        if not low <= value <= high:
            raise ConfigError(
                f"expected '{item.name}' between {low:g} and {high:g}, got {value:g}")


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

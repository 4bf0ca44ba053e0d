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

"""How parameters are described as fields of a dataclass, declared on a node and checked."""

from collections.abc import Iterable, Sequence
from dataclasses import Field, field, fields
import difflib
from fnmatch import fnmatchcase
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter
from sa4depth_ros.errors import ConfigError

_FOREIGN = ('use_sim_time', 'qos_overrides.*', 'start_type_description_service')


def fixed(
    default: Any, text: str, choices: tuple[str, ...] = (), least: int | None = None,
) -> Any:
    """Describe a parameter that is read when the node starts."""
    return field(default=default, metadata={
        'text': text, 'choices': choices, 'least': least, 'live': False})


def live(default: Any, text: str, low: float, high: float, constraint: str = '') -> Any:
    """Describe a number that can be set while the node runs."""
    return field(default=default, metadata={
        'text': text, 'range': (low, high), 'constraint': constraint, 'live': True})


def live_choice(default: str, text: str, choices: tuple[str, ...]) -> Any:
    """Describe a word that can be set while the node runs."""
    return field(default=default, metadata={'text': text, 'choices': choices, 'live': True})


def live_value(default: str | bool, text: str) -> Any:
    """Describe a name or a switch that can be set while the node runs."""
    return field(default=default, metadata={'text': text, 'live': True})


def declare(node: Node, name: str, item: 'Field[Any]') -> Any:
    """Declare the parameter ``name`` as ``item`` describes it and give its value."""
    default: Any = item.default
    is_list = isinstance(default, tuple)
    default = list(default) if is_list else default
    try:
        value = node.declare_parameter(name, default, _descriptor(name, item)).value
    except (InvalidParameterTypeException, InvalidParameterValueException) as error:
        raise ConfigError(f"parameter '{name}': {error}") from error
    return tuple(value) if is_list else value


def names_of(kind: type) -> list[str]:
    """Name the parameters that a dataclass describes."""
    return [item.name for item in fields(kind)]


def check(item: 'Field[Any]', value: Any) -> None:
    """Raise ConfigError when ``value`` is none that ``item`` allows."""
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


def given_parameters(node: Node) -> dict[str, Parameter]:
    """Give what the user set from outside, declared or not."""
    # rclpy has no public way to see what the user gave but nobody declared.
    return getattr(node, '_parameter_overrides', {})


def accept_substitutes(given: dict[str, Parameter], kind: type, more: Sequence[str] = ()) -> None:
    """
    Let people write ``max_depth: 10`` where ROS insists on 10.0, and an empty list.

    ``kind`` is the dataclass of the parameters, ``more`` the ends of other names of floats.
    """
    described = fields(kind)
    floats = {item.name for item in described if isinstance(item.default, float)}
    for name, value in list(given.items()):
        is_float = name in floats or name.endswith(tuple(more))
        if is_float and value.type_ == Parameter.Type.INTEGER:
            given[name] = Parameter(name, value=float(value.value))
    # A list without members has no type in ROS.
    for item in described:
        if isinstance(item.default, tuple) and item.name in given and not given[item.name].value:
            del given[item.name]


def unknown_parameters(
    given: Iterable[str], known: Sequence[str], others: Iterable[str] = (),
) -> list[str]:
    """
    Give one line of advice for every name in ``given`` that the node does not have.

    ``others`` are patterns of those of our other nodes, which may share a file of parameters.
    """
    patterns = (*_FOREIGN, *others)
    unknown = [name for name in given if name not in known
               and not any(fnmatchcase(name, pattern) for pattern in patterns)]
    return [f"the node has no parameter '{name}', so it is ignored; {_advice(name, known)}"
            for name in sorted(unknown)]


def unused_qos_overrides(node: Node, *others: Node) -> list[str]:
    """Give a line for each qos_overrides parameter of ``node`` that no topic of any has."""
    unused = [name for name in given_parameters(node) if name.startswith('qos_overrides.')
              and not any(each.has_parameter(name) for each in (node, *others))]
    return [f"'{name}' matches no topic or policy of this node, so it is ignored; write "
            'qos_overrides./full/topic.{publisher,subscription}.{reliability,durability,history,'
            'depth}' for name in sorted(unused)]


def _advice(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"it has {', '.join(known)}"


def _descriptor(name: str, item: 'Field[Any]') -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        name=name, description=item.metadata['text'], read_only=not item.metadata['live'],
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
    return str(item.metadata.get('constraint', ''))

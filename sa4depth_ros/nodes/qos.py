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

"""Quality of service of the node's topics, and what to say when it does not fit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rclpy.exceptions import InvalidParameterTypeException
from rclpy.qos import (
    qos_policy_name_from_kind, QoSDurabilityPolicy, QoSHistoryPolicy, QoSPolicyKind, QoSProfile,
    QoSReliabilityPolicy)
from rclpy.qos_overriding_options import QoSOverridingOptions

from sa4depth_ros.errors import ConfigError

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:
    # Humble.
    from rclpy.qos_event import (  # type: ignore[no-redef]
        PublisherEventCallbacks, SubscriptionEventCallbacks)

_POLICIES = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH,
             QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY)


def input_qos() -> QoSProfile:
    """Sensor data as REP 2003 reads it: the newest message, from any publisher."""
    return QoSProfile(
        depth=1, history=QoSHistoryPolicy.KEEP_LAST,
        reliability=QoSReliabilityPolicy.BEST_EFFORT, durability=QoSDurabilityPolicy.VOLATILE)


def output_qos() -> QoSProfile:
    """Reliable, so that reliable and best-effort readers both match."""
    return QoSProfile(
        depth=2, history=QoSHistoryPolicy.KEEP_LAST,
        reliability=QoSReliabilityPolicy.RELIABLE, durability=QoSDurabilityPolicy.VOLATILE)


def overridable() -> QoSOverridingOptions:
    """Let ``qos_overrides.<topic>.<publisher|subscription>.<policy>`` change a profile."""
    return QoSOverridingOptions(_POLICIES)


@contextmanager
def override_errors(topic: str) -> Iterator[None]:
    """Turn what rclpy raises for an impossible override into a ConfigError."""
    try:
        yield
    except (InvalidParameterTypeException, RuntimeError) as error:
        raise ConfigError(f"the qos_overrides of '{topic}' cannot be used: {error}") from error


def input_events(topic: str, warn: Callable[[str], Any]) -> SubscriptionEventCallbacks:
    """Warn of publishers on ``topic`` that this node cannot hear."""
    def incompatible(event: Any) -> None:
        policy = _policy(event)
        warn(f"a publisher on '{topic}' offers another QoS ({policy}), so nothing of it arrives. "
             f'Change the publisher, or set the parameter '
             f"'qos_overrides.{topic}.subscription.{policy}' of this node.")
    return SubscriptionEventCallbacks(incompatible_qos=incompatible)


def output_events(topic: str, warn: Callable[[str], Any]) -> PublisherEventCallbacks:
    """Warn of subscribers to ``topic`` that cannot hear this node."""
    def incompatible(event: Any) -> None:
        policy = _policy(event)
        warn(f"a subscriber to '{topic}' requests another QoS ({policy}), so it gets nothing. "
             f'Change the subscriber, or set the parameter '
             f"'qos_overrides.{topic}.publisher.{policy}' of this node.")
    return PublisherEventCallbacks(incompatible_qos=incompatible)


def _policy(event: Any) -> str:
    return str(qos_policy_name_from_kind(event.last_policy_kind)).lower()

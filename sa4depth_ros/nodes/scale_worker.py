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

"""Depth of one camera next to a reference, compared in a thread of its own."""

import queue
import threading
import time
import traceback

from rclpy.node import Node
from sa4depth_ros.errors import FrameError
from sa4depth_ros.nodes.conversions import nanoseconds
from sa4depth_ros.nodes.depth_listener import SeenDepth
from sa4depth_ros.nodes.scale_pace import Pace
from sa4depth_ros.nodes.scale_reference import ScaleReference
from sa4depth_ros.nodes.scale_topic import ScaleTopic
from sa4depth_ros.nodes.static_transforms import StaticTransforms
from sa4depth_ros.nodes.throttled_log import ThrottledLog
from sa4depth_ros.runtime.scale_frame import ScaleFrame, ScaleSink, ScaleSource, SourceSettings
from sa4depth_ros.runtime.scale_odometry import OdometrySource
from sa4depth_ros.runtime.scale_sources import DepthSource, LidarSource

_MOST_WAITING = 4
# Seconds for which a frame waits for the reference that was measured at the same time.
_LATE = 0.5
_POLL = 0.01


class ScaleWorker:
    """
    Hears of the depth of one camera (a DepthListener) and tells a sink what it says of the scale.

    Begins with its making and ends with ``close``.
    """

    def __init__(
        self, node: Node, reference: ScaleReference, sink: ScaleSink, pace: Pace, *,
        needs_depth: bool,
    ) -> None:
        """
        Subscribe to the reference; ConfigError when that cannot be.

        With ``needs_depth`` the engine runs for this alone, otherwise it only looks on.
        """
        self.reference = reference
        self._log = ThrottledLog(node.get_logger())
        self._sink = sink
        self._pace = pace
        self._needs_depth = needs_depth
        self._topic = ScaleTopic(node, reference.kind, reference.topic)
        self._transforms = StaticTransforms(node)
        settings = SourceSettings(
            self._transforms.lookup, reference.tolerance, reference.min_depth,
            reference.max_depth)
        self._source = self._new_source(settings)
        self._frames: queue.Queue[ScaleFrame] = queue.Queue(_MOST_WAITING)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name='scale', daemon=True)
        self._thread.start()

    def needs_depth(self) -> bool:
        """Tell whether depth is to be computed although nobody subscribes."""
        return self._needs_depth

    def put(self, seen: SeenDepth) -> None:
        """Take a frame when it is time; called in the worker's thread."""
        stamp = nanoseconds(seen.header.stamp)
        if self._frames.full() or not self._pace.wants(stamp):
            return
        self._frames.put(ScaleFrame(
            stamp, str(seen.header.frame_id), seen.rgb, seen.frame.geometry,
            seen.frame.model_depth))

    def close(self) -> None:
        """Unsubscribe and end the thread; what it is measuring still counts."""
        self._closing.set()
        self._thread.join(2.0)
        self._topic.close()
        self._transforms.close()

    def _new_source(self, settings: SourceSettings) -> ScaleSource:
        buffer = self._topic.buffer
        if self.reference.kind == 'odometry':
            # One that only looks on rests after each pair, so that others would be lost.
            return OdometrySource(settings, buffer, overlap=3 if self._needs_depth else 1)
        return LidarSource(settings, buffer) if self.reference.kind == 'lidar' else DepthSource(
            settings, buffer)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                frame = self._frames.get(timeout=0.1)
            except queue.Empty:
                continue
            self._await_reference(frame.stamp)
            begun = time.thread_time()
            complete = self._measured(frame)
            if self._pace.done(time.thread_time() - begun, complete):
                self._source.reset()

    def _await_reference(self, stamp: int) -> None:
        end = time.monotonic() + _LATE
        while time.monotonic() < end and not self._closing.is_set():
            newest = self._topic.buffer.newest
            if newest is not None and newest >= stamp:
                return
            time.sleep(_POLL)

    def _measured(self, frame: ScaleFrame) -> bool:
        try:
            return self._source.measure(frame, self._sink)
        except Exception as error:
            trace = ''.join(traceback.format_exception(error))
            self._log.error('internal', 'an error of this package while measuring the scale, '
                            f'please report it:\n{trace}')
            self._sink.refuse(FrameError(f'{type(error).__name__}: {error}', 'internal'))
            return True

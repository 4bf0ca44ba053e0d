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

"""The thread that turns the newest images of all cameras into depth."""

from collections.abc import Callable, Sequence
import threading
from typing import Any

from sa4depth_ros.errors import DeviceError, ModelError, Sa4DepthError
from sa4depth_ros.nodes.arrival import Arrival
from sa4depth_ros.nodes.camera_stream import CameraStream, Work
from sa4depth_ros.nodes.mailbox import Mailbox
from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthFrame


def _nothing() -> None:
    pass


class DepthWorker:
    """
    Takes arrivals out of a mailbox until it is stopped; survives any frame.

    The mailbox holds the newest image of each camera. As many cameras as the engine takes at once
    are served together, those first that were served longest ago.
    """

    def __init__(
        self, *, estimator: DepthEstimator, streams: Sequence[CameraStream],
        running: Callable[[], bool] = lambda: True, served: Callable[[], Any] = _nothing,
    ) -> None:
        """
        Start the thread.

        ``running`` says whether messages can still be published; ``served`` is called after
        each inference.
        """
        self._estimator = estimator
        self._streams = {stream.name: stream for stream in streams}
        self._running = running
        self._served = served
        self._mailbox: Mailbox[Arrival] = Mailbox(list(self._streams))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name='depth_worker', daemon=True)
        self._thread.start()

    def put(self, arrival: Arrival, camera: str = '') -> None:
        """Hand in an image; one that still waits is overtaken and counted."""
        statistics = self._streams[camera].statistics
        statistics.arrived()
        if self._mailbox.put(arrival, camera):
            statistics.dropped('newer')

    def stop(self, timeout: float = 10.0) -> bool:
        """End the thread after its current frames; False when that takes too long."""
        self._stopping.set()
        self._mailbox.close()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while arrivals := self._mailbox.take(
                self._estimator.batch, lambda name: self._streams[name].rest()):
            prepared = [self._prepared(name, arrival) for name, arrival in arrivals.items()]
            works = [work for work in prepared if work is not None]
            if works:
                self._infer(works)
                self._served()

    def _prepared(self, name: str, arrival: Arrival) -> Work | None:
        try:
            return self._streams[name].prepare(arrival, self._estimator)
        except Exception as error:
            self._refuse(self._streams[name], error)
            return None

    def _infer(self, works: Sequence[Work]) -> None:
        left = list(works)
        try:
            for frame in self._estimator.infer_each([work.frame for work in works]):
                self._publish(left.pop(0), frame, len(works))
        except Exception as error:
            refused = isinstance(error, ModelError) and not isinstance(error, DeviceError)
            if refused and len(works) > 1:
                # One image may be what the engine cannot take; the others do without it.
                for work in left:
                    self._infer([work])
                return
            for work in left:
                self._refuse(work.stream, error)

    def _publish(self, work: Work, frame: DepthFrame, together: int) -> None:
        try:
            work.stream.publish(work, frame, together)
        except Exception as error:
            self._refuse(work.stream, error)

    def _refuse(self, stream: CameraStream, error: Exception) -> None:
        # One impossible frame must not stop the robot's depth. Nor is it an error that
        # publishing ends before this thread does (Ctrl-C).
        ending = self._stopping.is_set() or not self._running()
        if isinstance(error, Sa4DepthError) or not ending:
            stream.refuse(error)

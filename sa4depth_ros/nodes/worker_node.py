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

"""What our lifecycle nodes have in common."""

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from sa4depth_ros.nodes.run_node import reported

_SUCCESS = TransitionCallbackReturn.SUCCESS


class WorkerNode(LifecycleNode):
    """A lifecycle node that works in a thread while it is active, and can always be closed."""

    def close(self) -> None:
        """Stop the work and free everything; harmless when there is nothing."""
        raise NotImplementedError

    def _stop(self) -> None:
        """Stop listening, and the thread after its current work."""
        raise NotImplementedError

    @reported
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening, let the current work go out."""
        self._stop()
        return super().on_deactivate(state)

    @reported
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Take back the outputs and free the networks."""
        self.close()
        return _SUCCESS

    @reported
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop and free everything, from any state."""
        self.close()
        return _SUCCESS

    @reported
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Fall back to unconfigured."""
        self.close()
        return _SUCCESS

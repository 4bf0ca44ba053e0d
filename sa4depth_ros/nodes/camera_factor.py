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

"""The factor between a model's output and the depth of one camera, while the node runs."""

from rclpy.node import Node
from rclpy.parameter import Parameter
from sa4depth_ros.model_card import ScaleRecord
from sa4depth_ros.nodes.depth_listener import SeenDepth
from sa4depth_ros.nodes.parameters import NodeParameters, scale_name
from sa4depth_ros.runtime.depth_estimator import DepthEstimator


class CameraFactor:
    """
    Knows the factor of one camera, from the model's card and the parameters, and changes it.

    It listens to the depth (a DepthListener) for the frame_id, by which a card may name a camera.
    """

    def __init__(self, node: Node, camera: str, parameters: NodeParameters) -> None:
        self._node = node
        self._camera = camera
        self._parameters = parameters
        self.estimator: DepthEstimator | None = None
        self.seen: SeenDepth | None = None

    def needs_depth(self) -> bool:
        """Tell that no depth is made for this."""
        return False

    def put(self, seen: SeenDepth) -> None:
        """Remember the newest image."""
        self.seen = seen

    @property
    def names(self) -> tuple[str, str]:
        """Give the names by which a card may know the camera: its own, and its frame_id."""
        frame_id = '' if self.seen is None else str(self.seen.header.frame_id)
        return self._camera, frame_id

    @property
    def key(self) -> str:
        """Name the camera in a card: by its name, or else by its frame_id."""
        return next((name for name in self.names if name), '')

    @property
    def on_top(self) -> float:
        """Give the part of the factor that the parameters add."""
        return self._parameters.current.scale * self._parameters.scale_of(self._camera)

    @property
    def value(self) -> float:
        """Give the whole factor; 1 while no model is loaded."""
        card = self.estimator.card.scale_of(*self.names) if self.estimator is not None else 1.0
        return card * self.on_top

    @property
    def is_calibrated(self) -> bool:
        """Whether a scale was found for this camera, or for all."""
        return self.estimator is not None and self.estimator.card.is_calibrated(*self.names)

    def use(self, record: ScaleRecord) -> str:
        """
        Take the whole factor of ``record`` from the next image on.

        The parameters then add nothing: the camera's own is set so. Gives what to know of that.
        """
        assert self.estimator is not None
        self.estimator.card = self.estimator.card.with_scale(record, self.key)
        if abs(self.on_top - 1) < 1e-9:
            return ''
        before = self.on_top
        name = scale_name(self._camera) if self._camera else 'scale'
        rest = self._parameters.current.scale if self._camera else 1.0
        self._node.set_parameters([Parameter(name, value=1 / rest)])
        return (f' The parameters multiplied depth by {before:.4g}, which is part of the new '
                f"factor: '{name}' is {1 / rest:.4g} now; correct your parameter file.")

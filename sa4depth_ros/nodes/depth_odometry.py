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

"""Depth node and pose node in one process: images are received and decoded once."""

from pathlib import Path
import sys
from typing import Any

from sa4depth_ros.nodes.depth_node import DepthNode
from sa4depth_ros.nodes.handed_depth import HandedDepth
from sa4depth_ros.nodes.pose_node import PoseNode
from sa4depth_ros.nodes.run_node import run_nodes


def make_nodes(**options: Any) -> list[DepthNode | PoseNode]:
    """
    Make both, the pose node with ``options`` and depth from the depth node.

    Raises ConfigError when a parameter of one is impossible.
    """
    depth = DepthNode(is_alone=False)

    def model() -> Path | None:
        return depth.model if depth.model.with_suffix('.features.onnx').is_file() else None
    try:
        pose = PoseNode(
            input_of=lambda camera: HandedDepth(depth, camera), model=model,
            siblings=[depth], **options)
    except BaseException:
        depth.destroy_node()
        raise
    return [depth, pose]


def main(args: list[str] | None = None) -> int:
    """Run both until they are interrupted; 0 then, 2 when one cannot start."""
    return run_nodes(make_nodes, args)


if __name__ == '__main__':
    sys.exit(main())

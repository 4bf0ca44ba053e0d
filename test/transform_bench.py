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

"""A bench around a pose node that also sends and hears transforms."""

from pose_bench import PoseBench
from rclpy.qos import DurabilityPolicy, QoSProfile

REMAPPED = ('-r', '/tf:=tf', '-r', '/tf_static:=tf_static')


class TransformBench(PoseBench):
    """Transforms of each bench stay below its namespace."""

    def __init__(self, *args, arguments=(), **options):
        super().__init__(*args, arguments=(*REMAPPED, *arguments), **options)
        from tf2_msgs.msg import TFMessage
        self._message = TFMessage
        latched = QoSProfile(depth=10, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._static = self.node.create_publisher(TFMessage, 'tf_static', latched)
        self._moving = self.node.create_publisher(TFMessage, 'tf', 10)
        self.tf = self.inbox('tf', TFMessage)

    def publish_static(self, *transforms):
        self._static.publish(self._message(transforms=transforms))

    def publish_moving(self, *transforms):
        self._moving.publish(self._message(transforms=transforms))

    def sent(self, child):
        return [t for m in self.tf.messages for t in m.transforms if t.child_frame_id == child]

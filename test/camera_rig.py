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

"""Three cameras of different rates, sizes and lenses around one depth node."""

import time

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image, PointCloud2

RATES = {'front': 30.0, 'left': 10.0, 'right': 3.0}
SIZES = {'front': (128, 96), 'left': (160, 120), 'right': (96, 96)}
GREYS = {'front': 50, 'left': 100, 'right': 150}
KINDS = {'depth/image': Image, 'depth/camera_info': CameraInfo, 'points': PointCloud2}
CAMERAS = ('-p', 'cameras:=[front,left,right]')


class Feed:
    """A camera of the test: publishes at its rate, and keeps what came back."""

    def __init__(self, bench, name, image, info):
        self.bench, self.name, self.image, self.info = bench, name, image, info
        self.period = 1 / RATES[name]
        self.burst = 1
        self.stamps = []
        self.all_stamps = set()
        self.due = 0.0
        self._images = bench.node.create_publisher(Image, f'{name}/image', 1)
        self._infos = bench.node.create_publisher(CameraInfo, f'{name}/camera_info', 1)
        self.inboxes = {topic: bench.inbox(f'{name}/{topic}', kind)
                        for topic, kind in KINDS.items()}

    def tick(self):
        now = time.monotonic()
        if now < self.due:
            return
        self.due = max(self.due + self.period, now - self.period)
        for _ in range(self.burst):
            self._publish()

    def _publish(self):
        stamp = self.bench.node.get_clock().now().nanoseconds
        self.stamps.append(stamp)
        self.all_stamps.add(stamp)
        for message, publisher in ((self.info, self._infos), (self.image, self._images)):
            message.header.stamp = Time(sec=stamp // 10**9, nanosec=stamp % 10**9)
            message.header.frame_id = f'{self.name}_optical'
            publisher.publish(message)

    def forget(self):
        self.stamps.clear()
        for inbox in self.inboxes.values():
            inbox.messages.clear()

    def received(self, topic):
        """Give the stamps of all that came back."""
        return {m.header.stamp.sec * 10**9 + m.header.stamp.nanosec
                for m in self.inboxes[topic].messages}

    def answered(self, topic='depth/image'):
        """Give those stamps, sent since ``forget``, that something came back for."""
        return self.received(topic) & set(self.stamps)


class Rig:
    """Three feeds around one depth node."""

    def __init__(self, bench, make_image, make_info):
        self.bench = bench
        self.feeds = {}
        for name, (width, height) in SIZES.items():
            info = make_info(width, height)
            if name == 'left':
                info.d = [-0.2, 0.05, 0.0, 0.0, 0.0]
                info.p[0] = info.p[5] = 0.7 * info.k[0]
            self.feeds[name] = Feed(bench, name, make_image(GREYS[name], width, height), info)

    def play(self, condition, what, *names):
        """Let the cameras (all by default) publish until ``condition`` holds."""
        feeds = [self.feeds[name] for name in names or self.feeds]

        def tick():
            for feed in feeds:
                feed.tick()
        return self.bench.wait(condition, what, tick)

    def fresh(self):
        for feed in self.feeds.values():
            feed.forget()

    def says(self, name):
        """Give the message of a camera's newest diagnostic status, '' before the first."""
        status = self.bench.status(name)
        return '' if status is None else status.message

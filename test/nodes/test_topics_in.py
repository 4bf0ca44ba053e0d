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

"""Compressed images, remapped names and quality of service, over real DDS."""

from builtin_interfaces.msg import Time
import cv2
import numpy as np
import pytest
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image


def _compressed(grey, suffix='.jpg', image_format='rgb8; jpeg compressed bgr8'):
    pixels = np.full((96, 128, 3), grey, np.uint8)
    message = CompressedImage(format=image_format)
    message.data.frombytes(cv2.imencode(suffix, pixels)[1].tobytes())
    return message


@pytest.fixture(scope='module')
def compressed_bench(start_bench):
    bench = start_bench(transport='compressed')
    yield bench
    bench.close()


def test_compressed_images_give_depth_and_cloud(compressed_bench, make_info):
    for message in (_compressed(100), _compressed(100, '.png', 'rgb8; png compressed bgr8')):
        depth, cloud = compressed_bench.exchange(
            message, make_info(), topics=('depth/image', 'points'))
        np.testing.assert_allclose(np.frombuffer(depth.data, '<f4'), 2.5, atol=0.03)
        points = np.frombuffer(cloud.data, '<f4').reshape(96, 128, 4)
        np.testing.assert_allclose(points[..., 2], 2.5, atol=0.03)


def test_damaged_compressed_images_are_refused(compressed_bench, make_info):
    torn = CompressedImage(format='jpeg')
    torn.data.frombytes(b'\xff\xd8 no picture')
    for message, cause in ((torn, 'compressed'), (CompressedImage(format='jpeg'), 'empty')):
        before = compressed_bench.drops(cause)
        compressed_bench.wait(
            lambda c=cause, b=before: compressed_bench.drops(c) > b, f'drops of {cause}',
            lambda m=message: compressed_bench.send(m, make_info()))
    compressed_bench.exchange(_compressed(100), make_info())


def test_camera_info_is_the_sibling_of_the_remapped_image(start_bench, make_image, make_info):
    """``image:=cam/image_raw`` alone makes it read cam/camera_info, too."""
    bench = start_bench(arguments=('-r', 'image:=cam/image_raw'))
    images = bench.node.create_publisher(Image, 'cam/image_raw', 1)
    infos = bench.node.create_publisher(CameraInfo, 'cam/camera_info', 1)
    cloud = bench.inbox('points')

    def send():
        infos.publish(make_info())
        images.publish(make_image(100))
    bench.wait(lambda: cloud.messages, 'a cloud', send)
    bench.wait(bench.values, 'a status')
    assert bench.values()['camera_info_topic'] == f'{bench.namespace}/cam/camera_info'
    bench.close()


def test_compressed_transport_follows_the_remapped_base_name(start_bench, make_info):
    bench = start_bench(transport='compressed', arguments=(
        '-r', 'image:=cam/image_raw', '-r', 'camera_info:=calibration'))
    images = bench.node.create_publisher(CompressedImage, 'cam/image_raw/compressed', 1)
    infos = bench.node.create_publisher(CameraInfo, 'calibration', 1)
    cloud = bench.inbox('points')

    def send():
        infos.publish(make_info())
        images.publish(_compressed(100))
    bench.wait(lambda: cloud.messages, 'a cloud', send)
    bench.close()


def test_incompatible_qos_is_logged_and_an_override_cures_it(start_bench, make_image, make_info):
    latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL,
                         reliability=QoSReliabilityPolicy.RELIABLE)
    bench = start_bench()
    topic = f'{bench.namespace}/depth/image'
    bench.inbox('depth/image', qos=latched)
    advice = f"'qos_overrides.{topic}.publisher.durability'"
    bench.await_log(advice)
    bench.close()

    # The next bench has the next namespace.
    number = int(bench.namespace.removeprefix('/bench')) + 1
    override = f'qos_overrides./bench{number}/depth/image.publisher.durability:=transient_local'
    bench = start_bench(arguments=('-p', override))
    bench.inbox('depth/image', qos=latched)
    bench.exchange(make_image(100), make_info())
    assert 'requests another QoS' not in bench.log
    bench.close()


def test_simulated_time_may_start_late_and_jump_back(start_bench, make_image, make_info):
    """As with ``ros2 bag play --clock --loop``: depth flows and no age is negative."""
    bench = start_bench(arguments=('-p', 'use_sim_time:=true'))
    clock = bench.node.create_publisher(Clock, '/clock', 1)
    depth = bench.inbox('depth/image')
    for start in (1000, 1010, 1000):
        times = iter(range(start * 10**9, (start + 1000) * 10**9, 30_000_000))
        depth.messages.clear()

        def send(times=times):
            now = next(times)
            clock.publish(Clock(clock=Time(sec=now // 10**9, nanosec=now % 10**9)))
            bench.send(make_image(100), make_info(), stamp=now)
        bench.wait(lambda: len(depth.messages) > 5, f'depth after {start} s', send)
        bench.await_status(lambda s: 'latency_age_on_arrival_median_ms' in bench.values(),
                           'ages', send)
        assert all(float(value) >= 0 for key, value in bench.values().items()
                   if key.startswith('latency_'))
    assert bench.values()['stream_restarts'] == '1'
    bench.close()


def test_best_effort_readers_and_writers_are_served(start_bench, make_image, make_info):
    sensor = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    bench = start_bench()
    bench.node.destroy_publisher(bench._images)
    bench._images = bench.node.create_publisher(Image, 'image', sensor)
    bench.inbox('depth/image', qos=sensor)
    bench.exchange(make_image(100), make_info())
    bench.close()

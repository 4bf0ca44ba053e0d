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

"""A depth node that drives through the room of robot_bag, and sensors that know metres."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
import functools
from typing import Any

from nav_msgs.msg import Odometry
from node_bench import Bench
import numpy as np
from onnx import helper, TensorProto
from onnx_models import HEIGHT, save_model, WIDTH
from rendered_pair import photograph
from robot_bag import (
    drive, HEIGHT as ROWS, K, RobotMessages, START, T_CAMERA2BASE, WIDTH as COLUMNS)
from rosbags.typesys import get_typestore, Stores
from sa4depth_ros.model_card import ModelCard
from sensor_msgs.msg import CameraInfo, Image, PointCloud2
from std_srvs.srv import Trigger

LEVELS_PER_METRE = 40
SLOPE = 0.01
# The model says 0.01 units a level of blue, of which the picture has 40 a metre.
PLANTED = 1 / (LEVELS_PER_METRE * SLOPE)
_TYPES = {'depth': Image, 'lidar': PointCloud2, 'odometry': Odometry}
_STORE = get_typestore(Stores.ROS2_JAZZY)
# Every picture is worth a measurement.
PERIOD = 250_000_000
_THERE_AND_BACK = 20
# What grey is made of.
_GREY = np.array([0.299, 0.587, 0.114])


def save_blue_model(path):
    """Save a model of relative depth, SLOPE units per level of blue."""
    make = helper.make_node
    nodes = [make('Gather', ['image', 'blue'], ['level'], axis=3),
             make('Cast', ['level'], ['x'], to=TensorProto.FLOAT),
             make('Mul', ['x', 'slope'], ['units']),
             make('Transpose', ['units'], ['depth'], perm=[0, 3, 1, 2])]
    card = ModelCard('blue', HEIGHT, WIDTH, output='relative_depth')
    return save_model(path, nodes, {'blue': np.array([2]), 'slope': np.float32(SLOPE)}, card)


@functools.cache
def view(number):
    """Give picture and depth [m] of a place on the way."""
    return photograph(drive(number), K, (ROWS, COLUMNS))


def painted(rgb, depth):
    """Hide depth in the blue of a picture, whose grey stays that of the walls."""
    blue = np.clip(np.round(LEVELS_PER_METRE * depth), 0, 255)
    rest = (rgb @ _GREY - _GREY[2] * blue) / (1 - _GREY[2])
    return np.clip(np.round(np.stack((rest, rest, blue), -1)), 0, 255).astype(np.uint8)


def place_of(number):
    """Tell where the robot is at a step of its drive to and fro."""
    return abs((number + _THERE_AND_BACK) % (2 * _THERE_AND_BACK) - _THERE_AND_BACK)


@dataclass
class Flaws:
    """
    What is wrong with what the robot sees.

    The reference is multiplied by ``factor``, its stamps are late by ``delay`` ns, its ``frame``
    is another one; the model flickers from image to image; the robot stands ``still``; the
    camera is ``uncalibrated``.
    """

    factor: float = 1.0
    flicker: float = 0.02
    delay: int = 0
    frame: str = ''
    still: bool = False
    uncalibrated: bool = False


class ScaleBench(Bench):
    """Plays the drive to and fro, under ever later stamps, with one reference beside it."""

    def __init__(self, context: Any, folder: Any, model: Any, *, reference: str,
                 body: str = 'front_optical', lidar: str = 'front_optical', camera: str = '',
                 arguments: Sequence[str] = (), **options: Any) -> None:
        folder = folder / f'{reference}_{body}_{lidar}_{len(list(folder.iterdir()))}'
        folder.mkdir()
        super().__init__(
            context, folder, save_blue_model(folder / 'blue.onnx'),
            arguments=('-p', f'scale_reference:={reference}',
                       '-p', 'scale_reference_topic:=reference',
                       '-p', 'calibration_seconds:=25.0', '-p', 'calibration_measurements:=30',
                       *arguments), **options)
        self.folder, self.kind = folder, reference
        for place in range(_THERE_AND_BACK + 1):
            view(place)
        self.make = RobotMessages(_STORE.types, body, lidar)
        self.flaws = Flaws()
        self.number = 0
        self.rng = np.random.default_rng(0)
        prefix = f'{camera}/' if camera else ''
        types = {'image': Image, 'camera_info': CameraInfo, 'reference': _TYPES[reference]}
        self.topics = [self.node.create_publisher(kind, prefix + name, 2)
                       for name, kind in types.items()]

    def play(self):
        """Publish the next frame with what the reference says."""
        place = 0 if self.flaws.still else place_of(self.number)
        time = START + self.number * PERIOD
        rgb, depth = view(place)
        mood = np.exp(self.flaws.flicker * self.rng.standard_normal())
        rgb = painted(rgb, depth * mood)
        messages = [self.make.image(time, 'rgb8', rgb), self.make.info(time),
                    self._reference(time + self.flaws.delay, place, depth)]
        if self.flaws.uncalibrated:
            messages[1].k = np.zeros(9)
        if self.flaws.frame:
            messages[2].header.frame_id = self.flaws.frame
        # The reference and camera_info first: images are what the node waits for.
        for message, publisher in reversed(list(zip(messages, self.topics))):
            publisher.publish(self.serialized(message))
        self.number += 1

    def serialized(self, message):
        """Give a message of rosbags as rclpy publishes it."""
        return bytes(_STORE.serialize_cdr(message, message.__msgtype__))

    def _reference(self, time, place, depth):
        factor = self.flaws.factor
        if self.kind == 'depth':
            return self.make.image(time, '32FC1', (factor * depth).astype('<f4'))
        if self.kind == 'lidar':
            return self.make.cloud(time, factor * depth)
        pose = drive(place)
        pose[:3, 3] *= factor
        if self.make.body == 'base_link':
            pose = pose @ np.linalg.inv(T_CAMERA2BASE)
        return self.make.odometry(time, pose)

    def calibrate(self, service='calibrate', play=True):
        """Call the service while the robot drives; its response."""
        client = self.node.create_client(Trigger, f'depth_node/{service}')
        try:
            self.wait(client.service_is_ready, f'service {service}')
            future = client.call_async(Trigger.Request())
            self.wait(future.done, 'the calibration', self.play if play else None)
            return future.result()
        finally:
            self.node.destroy_client(client)

    def ratio_of_next_depth(self):
        """Give the median of depth that goes out over the truth, for pictures sent from now on."""
        flaws, self.flaws = self.flaws, replace(self.flaws, flicker=0.0)
        inbox = self.inbox('depth/image', Image)
        begun = START + self.number * PERIOD

        def newest():
            return [m for m in inbox.messages if _stamp(m) >= begun]
        ratios = []
        for message in self.wait(lambda: len(newest()) > 4 and newest(), 'depth', self.play):
            depth = np.frombuffer(message.data, '<f4').reshape(message.height, message.width)
            place = place_of((_stamp(message) - START) // PERIOD)
            ratios.append(np.median(depth / view(0 if self.flaws.still else place)[1]))
        self.flaws = flaws
        return float(np.median(ratios))


def holds(record, truth):
    """Tell whether a scale is within 2 %, and as sure of that as it says."""
    half = np.log(record.high / record.scale)
    error = abs(np.log(truth / record.scale))
    # 95 % intervals miss now and then; at twice the width that is one of 10,000.
    return error < 0.02 and error < 2 * half < 0.08


def _stamp(message):
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec

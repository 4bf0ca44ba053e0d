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

"""Depth messages that are odd, and those that are wrong."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from sa4depth_ros.errors import BagError
from sa4depth_train.depth_messages import compressed_to_depth, image_to_depth


def _raw(values: np.ndarray, encoding: str, *, big: int = 0, step: int = 0) -> SimpleNamespace:
    height, width = values.shape
    row = width * values.dtype.itemsize
    rows = np.pad(values.view(np.uint8).reshape(height, row), ((0, 0), (0, max(0, step - row))))
    return SimpleNamespace(encoding=encoding, height=height, width=width, step=step or row,
                           is_bigendian=big, data=rows.reshape(-1))


def _png(values: np.ndarray, text: str, head: bytes = bytes(12)) -> SimpleNamespace:
    data = head + cv2.imencode('.png', values)[1].tobytes()
    return SimpleNamespace(format=text, data=np.frombuffer(data, np.uint8))


def test_byte_order_and_row_padding_are_followed() -> None:
    millimetres = np.array([[1000, 0, 65535], [1, 2, 3]])
    expected = np.array([[1, 0, 65.535], [0.001, 0.002, 0.003]])
    for order, big in (('<u2', 0), ('>u2', 1)):
        message = _raw(millimetres.astype(order), '16UC1', big=big, step=11)
        np.testing.assert_allclose(image_to_depth(message), expected, rtol=1e-6)
    metres = np.array([[1.5, np.nan, -2.0, np.inf]])
    for order, big in (('<f4', 0), ('>f4', 1)):
        depth = image_to_depth(_raw(metres.astype(order), '32FC1', big=big))
        np.testing.assert_array_equal(depth, [[1.5, 0, 0, 0]])


def test_inverse_depth_has_its_parameters_in_the_header() -> None:
    values = np.array([[0, 100, 400]], np.uint16)
    head = np.array([1], '<i4').tobytes() + np.array([300.0, 0.0], '<f4').tobytes()
    depth = compressed_to_depth(_png(values, '32FC1; compressedDepth png', head))
    np.testing.assert_allclose(depth, [[0, 3, 0.75]])


@pytest.mark.parametrize(('message', 'text'), [
    (_raw(np.zeros((2, 2), np.uint8), '8UC1'), "got encoding '8UC1'"),
    (SimpleNamespace(encoding='16UC1', height=9, width=9, step=18, is_bigendian=0,
                     data=np.zeros(5, np.uint8)), 'has only 5 bytes'),
])
def test_wrong_raw_messages_are_explained(message, text) -> None:
    with pytest.raises(BagError, match=text):
        image_to_depth(message)


@pytest.mark.parametrize(('message', 'text'), [
    (_png(np.zeros((2, 2), np.uint16), '16UC1; compressedDepth rvl'), 'RVL format is not suppor'),
    (SimpleNamespace(format='16UC1; compressedDepth png', data=np.zeros(4, np.uint8)),
     'of 4 bytes is too short'),
    (_png(np.zeros((2, 2), np.uint16), '16UC1; compressedDepth png', b''), 'got nothing'),
    (_png(np.zeros((2, 2), np.uint8), '16UC1; png compressed', b''), r'got uint8 \(2, 2\)'),
])
def test_wrong_compressed_messages_are_explained(message, text) -> None:
    with pytest.raises(BagError, match=text):
        compressed_to_depth(message)

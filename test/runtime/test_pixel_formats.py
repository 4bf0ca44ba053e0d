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

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import FrameError
from sa4depth_ros.runtime.pixel_formats import decode_compressed, SUPPORTED_ENCODINGS, to_rgb

W, H = 32, 24
COLOR = (200, 90, 40)
SINGLE = {'rgb': (0, 1, 2), 'bgr': (2, 1, 0), 'rgba': (0, 1, 2, None), 'bgra': (2, 1, 0, None)}
BAYER = {'rggb': (0, 1, 1, 2), 'bggr': (2, 1, 1, 0), 'gbrg': (1, 2, 0, 1), 'grbg': (1, 0, 2, 1)}
OPENCV_NAMES = {'8UC1': 'mono8', '8UC3': 'bgr8', '8UC4': 'bgra8', '16UC1': 'mono16'}


def yuv(color):
    """Give BT.601 limited-range YUV, the one of cameras and OpenCV."""
    pixel = cv2.cvtColor(np.full((2, 2, 3), color, np.uint8), cv2.COLOR_RGB2YUV_I420)
    return int(pixel[0, 0]), int(pixel[2, 0]), int(pixel[2, 1])


def encode(encoding):
    """Give the samples (rows, samples) of a one-coloured image, without padding."""
    name = OPENCV_NAMES.get(encoding, encoding)
    y, u, v = yuv(COLOR)
    if name in ('yuv422', 'uyvy'):
        return np.tile(np.array([u, y, v, y], np.uint8), (H, W // 2))
    if name in ('yuv422_yuy2', 'yuyv'):
        return np.tile(np.array([y, u, y, v], np.uint8), (H, W // 2))
    if name in ('nv12', 'nv21'):
        pair = [u, v] if name == 'nv12' else [v, u]
        return np.vstack([np.full((H, W), y, np.uint8),
                          np.tile(np.array(pair, np.uint8), (H // 2, W // 2))])
    return encode_samples(name)


def encode_samples(name):
    wide = name.endswith('16')
    base = name.removesuffix('16').removesuffix('8')
    if base == 'mono':
        row = np.full((H, W), COLOR[1])
    elif base.startswith('bayer_'):
        tile = np.array([COLOR[c] for c in BAYER[base[6:]]]).reshape(2, 2)
        row = np.tile(tile, (H // 2, W // 2))
    else:
        row = np.tile([255 if c is None else COLOR[c] for c in SINGLE[base]], (H, W))
    return (row * 256 + 17).astype('<u2') if wide else row.astype(np.uint8)


def expected_color(encoding):
    name = OPENCV_NAMES.get(encoding, encoding)
    return (COLOR[1],) * 3 if name.startswith('mono') else COLOR


@pytest.mark.parametrize('encoding', sorted(SUPPORTED_ENCODINGS))
@pytest.mark.parametrize('padding', [0, 10])
def test_every_encoding_gives_the_color(encoding, padding):
    samples = encode(encoding)
    rows = samples.view(np.uint8).reshape(samples.shape[0], -1)
    padded = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    image = to_rgb(padded.tobytes(), width=W, height=H, step=padded.shape[1], encoding=encoding)
    assert image.shape == (H, W, 3)
    assert image.dtype == np.uint8
    lossy = encoding.startswith(('yu', 'uy', 'nv'))
    inner = image[2:-2, 2:-2].astype(int)
    assert abs(inner - np.array(expected_color(encoding))).max() <= (3 if lossy else 0)


def test_bayer_pattern_positions():
    """A lone bright red sample of an rggb image lights up red at its own pixel."""
    raw = np.zeros((8, 8), np.uint8)
    raw[4, 4] = 200
    image = to_rgb(raw.tobytes(), width=8, height=8, step=8, encoding='bayer_rggb8')
    assert image[4, 4].tolist() == [200, 0, 0]


def test_rgb8_is_a_view():
    data = bytearray(W * H * 3)
    image = to_rgb(data, width=W, height=H, step=W * 3, encoding='rgb8')
    data[0] = 123
    assert image[0, 0, 0] == 123


def test_big_endian_16_bit():
    samples = np.full((H, W), 0x4321).astype('>u2')
    image = to_rgb(samples.tobytes(), width=W, height=H, step=2 * W, encoding='mono16',
                   is_bigendian=True)
    assert (image == 0x43).all()


def test_last_row_may_lack_its_padding():
    data = bytes(100 * (H - 1) + W * 3)
    assert to_rgb(data, width=W, height=H, step=100, encoding='rgb8').shape == (H, W, 3)


@pytest.mark.parametrize(('changes', 'cause', 'text'), [
    ({'data': b''}, 'empty', 'empty'),
    ({'width': 0}, 'empty', '0x24'),
    ({'encoding': 'h264'}, 'encoding', 'h264'),
    ({'encoding': '32FC1'}, 'encoding', '32FC1'),
    ({'data': bytes(W * H * 3 - 1)}, 'size', str(W * H * 3)),
    ({'step': W * 3 - 1}, 'size', f'step {W * 3 - 1}'),
    ({'encoding': 'yuyv', 'width': W - 1}, 'size', 'even width'),
    ({'encoding': 'nv12', 'height': H - 1}, 'size', 'even sides'),
])
def test_bad_images_are_refused(changes, cause, text):
    values = {'data': bytes(W * H * 3), 'width': W, 'height': H, 'step': W * 3,
              'encoding': 'rgb8'} | changes
    with pytest.raises(FrameError, match=text) as caught:
        to_rgb(values.pop('data'), **values)
    assert caught.value.cause == cause


@pytest.mark.parametrize('extension', ['.jpg', '.png'])
@pytest.mark.parametrize(('image_format', 'swapped'), [
    ('rgb8; jpeg compressed bgr8', True), ('jpeg', True), ('rgb8; jpeg compressed rgb8', False)])
def test_compressed_colors(extension, image_format, swapped):
    stored = np.full((H, W, 3), COLOR[::-1] if swapped else COLOR, np.uint8)
    data = cv2.imencode(extension, stored)[1].tobytes()
    image = decode_compressed(data, image_format)
    assert abs(image.astype(int) - np.array(COLOR)).max() <= 3


def test_compressed_bayer_is_demosaicked():
    mosaic = encode_samples('bayer_grbg8')
    data = cv2.imencode('.png', mosaic)[1].tobytes()
    image = decode_compressed(data, 'bayer_grbg8; png compressed ')
    assert (image[2:-2, 2:-2] == COLOR).all()


@pytest.mark.parametrize(('data', 'cause'), [(b'', 'empty'), (b'no image at all', 'compressed')])
def test_damaged_compressed_images_are_refused(data, cause):
    with pytest.raises(FrameError) as caught:
        decode_compressed(data, 'jpeg')
    assert caught.value.cause == cause

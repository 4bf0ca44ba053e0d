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

"""Frames and calibrations that no camera should send: refused with a reason, never a crash."""

from array import array
import time

from diagnostic_msgs.msg import DiagnosticStatus
import numpy as np
import pytest
from sa4depth_ros.runtime.pixel_formats import SUPPORTED_ENCODINGS
from sensor_msgs.msg import Image


def _image(**changes):
    def change(image, info):
        for name, value in changes.items():
            setattr(image, name, value)
    return change


def _info(**changes):
    def change(image, info):
        for name, value in changes.items():
            setattr(info, name, value)
    return change


NAN_K = [float('nan'), 0.0, 60.0, 0.0, 100.0, 40.0, 0.0, 0.0, 1.0]
BAD = {
    'no pixels': (_image(width=0, height=0, data=array('B')), 'the image is empty: 0x0'),
    'no data': (_image(data=array('B')), 'the image is empty: 128x96 with 0 bytes'),
    'short data': (_image(data=array('B', bytes(1000))), 'got step 384 and 1000 bytes'),
    'step too small': (_image(step=100), 'got step 100'),
    'step too large': (_image(step=1 << 20), 'got step 1048576'),
    'endless size': (_image(width=1 << 31, height=1 << 31), 'got step 384'),
    'unknown encoding': (_image(encoding='vendor_12p'), "image encoding 'vendor_12p'"),
    'no encoding': (_image(encoding=''), "image encoding ''"),
    'tiny': (_image(width=4, height=3, step=12), 'at least 16 pixels a side'),
    'unknown lens': (_info(distortion_model='kannala', d=[0.1] * 4), "model 'kannala'"),
    'wrong number of coefficients': (_info(d=[0.1] * 3), 'has 3 coefficients in D'),
    'K is no number': (_info(k=NAN_K), '9 finite numbers in K'),
    'R is no rotation': (_info(r=[2.0] + [0.0] * 8), 'R is no rotation'),
}


@pytest.mark.parametrize('name', BAD)
def test_bad_frame_is_refused_with_a_reason(bench, make_image, make_info, name):
    change, reason = BAD[name]
    image, info = make_image(100), make_info()
    change(image, info)
    depth = bench.inbox('depth/image')
    sent = set()
    status = bench.await_status(
        lambda s: any(v.key == 'last_problem' and reason in v.value for v in s.values),
        f'a status with "{reason}"', lambda: sent.add(bench.send(image, info)))
    assert status.level in (DiagnosticStatus.WARN, DiagnosticStatus.ERROR)
    assert not depth.with_stamps(sent)


def test_the_refusals_were_counted_and_logged_once_each(bench, make_image, make_info):
    bench.wait(lambda: bench.drops('encoding') and bench.drops('size') and bench.drops('empty'),
               'counted drops')
    bench.await_log("frame dropped: image encoding 'vendor_12p' is not supported")
    assert bench.log.count("'vendor_12p'") < bench.drops('encoding') + bench.drops('size')


@pytest.mark.parametrize('encoding', sorted(SUPPORTED_ENCODINGS))
def test_every_supported_encoding_gives_depth(bench, make_info, encoding):
    width, height = 128, 96
    samples = 2 if '422' in encoding or encoding in ('uyvy', 'yuyv') else (
        4 if encoding[:4] in ('rgba', 'bgra', '8UC4') else
        3 if encoding[:3] in ('rgb', 'bgr') or encoding == '8UC3' else 1)
    size = 2 if '16' in encoding else 1
    rows = height * 3 // 2 if encoding.startswith('nv') else height
    # Four bytes of padding a row, grey everywhere.
    step = width * samples * size + 4
    image = Image(width=width, height=height, encoding=encoding, step=step)
    image.data.frombytes(bytes([128]) * (step * rows))
    depth, = bench.exchange(image, make_info())
    values = np.frombuffer(depth.data, '<f4')
    assert (depth.width, depth.height) == (width, height)
    np.testing.assert_allclose(values, 0.5 + 0.02 * 128, atol=0.06)


def test_big_endian_sixteen_bit_images_are_read_as_such(bench, make_info):
    image = Image(width=128, height=96, encoding='mono16', step=256, is_bigendian=1)
    image.data.frombytes(bytes([100, 0]) * (128 * 96))
    depth, = bench.exchange(image, make_info())
    np.testing.assert_allclose(np.frombuffer(depth.data, '<f4'), 2.5, rtol=1e-5)


def test_resolution_may_change_in_mid_stream_in_any_order(bench, make_image, make_info):
    """Images and camera_infos of two sizes and shapes interleave."""
    topics = ('depth/image', 'depth/camera_info', 'points')
    infos = {128: make_info(), 160: make_info(160, 90)}
    for width, height, other in ((128, 96, 160), (160, 90, 128), (128, 96, 160)):
        # The camera_info of this size goes first, that of the other size comes with the image.
        depth, info, cloud = bench.exchange(
            make_image(100, width, height), infos[width], topics=topics)
        again, info, cloud = bench.exchange(
            make_image(100, width, height), infos[other], topics=topics)
        assert (depth.width, again.width, info.width, cloud.width) == (width,) * 4
        assert (again.height, info.height, cloud.height) == (height,) * 3
        np.testing.assert_allclose(info.k, infos[width].k)
    bench.leave('depth/camera_info', 'points')


def test_camera_info_of_another_size_is_refused_or_scaled(start_bench, make_image, make_info):
    bench = start_bench()
    bench.inbox('depth/image')
    # An image that comes before any camera_info still goes out; until that one is forgotten
    # the status is a warning.
    bench.await_status(
        lambda s: 'for images of 640x360' in s.message and s.level == DiagnosticStatus.ERROR,
        'an error', lambda: bench.send(make_image(100), make_info(640, 360)))

    depth, info = bench.exchange(
        make_image(100), make_info(256, 192), topics=('depth/image', 'depth/camera_info'))
    np.testing.assert_allclose(info.k, make_info().k, atol=1e-9)
    status = bench.await_status(lambda s: 'K scaled' in s.message, 'a warning',
                                lambda: bench.send(make_image(100), make_info(256, 192)))
    assert status.level == DiagnosticStatus.WARN
    bench.await_log('its K is scaled to the image')

    # Binning by two makes the same image, and is no reason for a warning.
    binned = make_info(256, 192)
    binned.binning_x = binned.binning_y = 2
    status = bench.await_status(lambda s: s.level == DiagnosticStatus.OK, 'a good status',
                                lambda: bench.send(make_image(100), binned))
    depth, info = bench.exchange(
        make_image(100), binned, topics=('depth/image', 'depth/camera_info'))
    np.testing.assert_allclose(info.k, make_info().k, atol=1e-9)
    bench.close()


def test_without_calibration_depth_goes_out_alone(start_bench, make_image, make_info):
    bench = start_bench()
    cloud, info = bench.inbox('points'), bench.inbox('depth/camera_info')
    bench.exchange(make_image(100))
    status = bench.await_status(lambda s: 'no camera_info received' in s.message, 'a warning',
                                lambda: bench.send(make_image(100)))
    assert status.level == DiagnosticStatus.WARN
    zero = make_info()
    zero.k = [0.0] * 9
    status = bench.await_status(lambda s: 'K is zero' in s.message, 'a warning',
                                lambda: bench.send(make_image(100), zero))
    assert status.level == DiagnosticStatus.WARN
    assert not cloud.messages
    assert not info.messages

    # With nobody but the cloud's reader left there is nothing to do, and that is said.
    bench.leave('depth/image')
    bench.wait(lambda: bench.drops('uncalibrated'), 'drops for want of a calibration',
               lambda: bench.send(make_image(100), zero))
    bench.exchange(make_image(100), make_info(), topics=('points',))
    bench.close()


def test_stamps_that_jump_back_start_the_figures_anew(bench, make_image, make_info):
    bench.exchange(make_image(100), make_info())
    before = int(bench.wait(bench.values, 'a status')['stream_restarts'])
    early = time.time_ns() - 20 * 10**9
    values = {}

    def restarted(status):
        values.update({v.key: v.value for v in status.values})
        return int(values['stream_restarts']) > before
    offset = iter(range(10**6))
    bench.await_status(restarted, 'a restart', lambda: bench.send(
        make_image(100), make_info(), stamp=early + 30_000_000 * next(offset)))
    ages = [float(v) for k, v in values.items() if k.startswith('latency_')]
    assert ages
    assert min(ages) >= 0
    bench.await_log('stamps jumped back')

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

"""Parameters of a running node: what takes effect, what is refused and why."""

import numpy as np
import pytest


def _depth(message):
    return np.frombuffer(message.data, '<f4')


def test_scale_and_limits_count_from_the_next_frame(bench, make_image, make_info):
    try:
        assert bench.change(scale=2.0)[0].successful
        bench.exchange(make_image(100), make_info(), accept=lambda m: np.allclose(_depth(m), 5.0))
        assert bench.change(max_depth=4.0)[0].successful
        bench.exchange(make_image(100), make_info(), accept=lambda m: np.isinf(_depth(m)).all())
    finally:
        assert all(r.successful for r in bench.change(scale=1.0, max_depth=100.0))
    bench.exchange(make_image(100), make_info(), accept=lambda m: np.allclose(_depth(m), 2.5))


def test_cloud_stride_thins_the_cloud(bench, make_image, make_info):
    try:
        bench.change(cloud_stride=5)
        cloud, = bench.exchange(
            make_image(100), make_info(), topics=('points',), accept=lambda m: m.width < 128)
    finally:
        bench.change(cloud_stride=1)
    assert (cloud.height, cloud.width, cloud.row_step) == (20, 26, 26 * 16)
    assert len(cloud.data) == 20 * 26 * 16
    points = np.frombuffer(cloud.data, '<f4').reshape(20, 26, 4)
    k = make_info().k
    np.testing.assert_allclose(points[1, 2, :3], [
        (10 - k[2]) * 2.5 / k[0], (5 - k[5]) * 2.5 / k[4], 2.5], rtol=1e-5)
    bench.leave('points')


def test_edge_filter_cuts_the_jump(bench, make_image, make_info):
    image = make_image(50)
    pixels = np.frombuffer(image.data, np.uint8).reshape(96, 128, 3)
    pixels[:, 64:] = 250
    try:
        bench.change(edge_filter=0.1)
        bench.exchange(image, make_info(), accept=lambda m: np.isnan(_depth(m)).any())
    finally:
        bench.change(edge_filter=0.0)
    bench.exchange(image, make_info(), accept=lambda m: np.isfinite(_depth(m)).all())


def test_max_rate_limits_the_output(bench, make_image, make_info):
    """At most 4 frames leave in each second, however many come."""
    depth = bench.inbox('depth/image')
    try:
        bench.change(max_rate=4.0)
        stamps = []
        bench.wait(lambda: len(depth.with_stamps(set(stamps))) >= 7, 'seven frames',
                   lambda: stamps.append(bench.send(make_image(100), make_info())))
    finally:
        bench.change(max_rate=0.0)
    # From the first to the seventh there are six periods of 250 ms; the stamp is up to one
    # sending period older than the start of the work.
    span = (max(stamps) - min(stamps)) * 1e-9
    assert span >= 6 / 4.0 - 0.25
    assert len(stamps) > 14


@pytest.mark.parametrize(('values', 'reason'), [
    ({'scale': -1.0}, 'scale'), ({'scale': float('nan')}, 'scale'),
    ({'cloud_stride': 0}, 'cloud_stride'),
    ({'min_depth': 200.0}, 'expected min_depth < max_depth'),
    ({'color_max_depth': 0.05}, 'expected min_depth < color_max_depth'),
    ({'max_rate': 'fast'}, 'Wrong parameter type'), ({'model': 'other.onnx'}, 'model'),
    ({'image_transport': 'compressed'}, 'image_transport'), ({'no_such': 1}, 'undeclared'),
])
def test_impossible_values_are_refused_with_a_reason(shared_bench, values, reason):
    result, = shared_bench.change(**values)
    assert not result.successful
    assert reason in result.reason
    assert shared_bench.get('scale') == 1.0
    assert shared_bench.get('min_depth') == 0.1


def test_every_parameter_is_described(shared_bench):
    names = ('model', 'backend', 'image_transport', 'output_size', 'scale', 'cloud_stride')
    described = dict(zip(names, shared_bench.describe(*names)))
    assert all(d.description for d in described.values())
    assert all(described[n].read_only for n in names[:4])
    assert described['backend'].additional_constraints.startswith('one of: auto, ')
    assert not described['scale'].read_only
    assert described['scale'].floating_point_range[0].to_value == 1e4
    stride = described['cloud_stride'].integer_range[0]
    assert (stride.from_value, stride.to_value, stride.step) == (1, 32, 1)

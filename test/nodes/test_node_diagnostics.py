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

"""What the running node says on /diagnostics."""

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CompressedImage

PARTS = ('age_on_arrival', 'queue', 'convert', 'preprocess', 'engine', 'postprocess', 'publish',
         'total', 'stamp_to_publish')


def _values(status):
    return {v.key: v.value for v in status.values}


def test_a_working_node_reports_rates_latencies_and_what_it_runs(bench, make_image, make_info):
    bench.inbox('depth/image')
    status = bench.await_status(
        lambda s: s.message == 'running' and float(_values(s)['rate_out_hz']) > 1,
        'a good status', lambda: bench.send(make_image(100), make_info()))
    values = _values(status)
    assert status.level == DiagnosticStatus.OK
    assert values['model'] == 'grey 1'
    assert (values['unit'], values['licence']) == ('m', 'none')
    assert values['backend'].startswith('onnxruntime')
    assert values['lifecycle'] == 'active'
    assert values['camera'] == 'calibrated, 128x96, no distortion'
    assert values['image_topic'] == f'{bench.namespace}/image'
    assert values['camera_info_topic'] == f'{bench.namespace}/camera_info'
    assert values['outputs'] == 'depth/image'
    assert float(values['rate_in_hz']) >= float(values['rate_out_hz'])
    assert int(values['frames_in']) >= int(values['frames_out']) > 0
    for part in PARTS:
        median = float(values[f'latency_{part}_median_ms'])
        assert 0 <= median <= float(values[f'latency_{part}_p95_ms'])
    total = float(values['latency_total_median_ms'])
    assert float(values['latency_engine_median_ms']) <= total


def test_with_no_reader_the_engine_rests(bench, make_image, make_info):
    bench.leave('depth/image')
    status = bench.await_status(lambda s: s.message.startswith('idle'), 'idleness',
                                lambda: bench.send(make_image(100), make_info()))
    assert status.level == DiagnosticStatus.OK
    out = int(_values(status)['frames_out'])
    arrived = int(_values(status)['frames_in'])
    status = bench.await_status(lambda s: int(_values(s)['frames_in']) > arrived + 3,
                                'more frames', lambda: bench.send(make_image(100), make_info()))
    assert int(_values(status)['frames_out']) == out


def test_silence_of_the_camera_is_stale(start_bench):
    bench = start_bench()
    status = bench.await_status(
        lambda s: 'publishers, but no message' in s.message, 'staleness')
    assert status.level == DiagnosticStatus.STALE
    assert f"no image arrives on '{bench.namespace}/image'" in status.message
    bench.close()


def test_a_wrong_transport_is_pointed_out(start_bench, make_image):
    """The camera publishes compressed images, the node wants raw ones."""
    bench = start_bench(arguments=('-r', 'image:=other'))
    publisher = bench.node.create_publisher(CompressedImage, 'other/compressed', 1)
    status = bench.await_status(lambda s: 'image_transport to compressed' in s.message, 'a hint')
    assert status.level == DiagnosticStatus.STALE
    bench.node.destroy_publisher(publisher)
    bench.close()

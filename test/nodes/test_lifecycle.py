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

"""Lifecycle, start and end of the process."""

import os
import signal
import subprocess
import sys

import pytest


def test_transitions_by_service(start_bench, make_image, make_info):
    """Wait unconfigured, work when active, rest when not, and do it all again."""
    bench = start_bench(arguments=('-p', 'autostart:=false'))
    assert bench.state() == 'unconfigured'
    status = bench.await_status(lambda s: True, 'a status')
    assert 'unconfigured' in status.message
    for _ in range(2):
        assert bench.transition('configure')
        assert bench.state() == 'inactive'
        assert bench.transition('activate')
        assert bench.state() == 'active'
        depth, = bench.exchange(make_image(100), make_info())
        assert bench.transition('deactivate')
        inbox = bench.inbox('depth/image')
        inbox.messages.clear()
        bench.await_status(lambda s: 'inactive' in s.message, 'a status of rest',
                           lambda: bench.send(make_image(100), make_info()))
        assert not inbox.messages
        assert bench.transition('activate')
        bench.exchange(make_image(100), make_info())
        assert bench.transition('deactivate')
        assert bench.transition('cleanup')
        assert bench.state() == 'unconfigured'
    assert not bench.transition('activate')
    assert bench.transition('configure')
    assert bench.transition('activate')
    bench.exchange(make_image(100), make_info())
    assert bench.transition('shutdown')
    assert bench.state() == 'finalized'
    bench.close()


def test_a_wrong_model_leaves_the_node_unconfigured(start_bench, tmp_path):
    bench = start_bench(arguments=('-p', 'autostart:=false', '-p', f'model:={tmp_path}/no.onnx'))
    assert not bench.transition('configure')
    assert bench.state() == 'unconfigured'
    bench.await_log(f"expected a model file at '{tmp_path}/no.onnx'")
    bench.close()


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_working_node_cleanly(start_bench, make_image, make_info, number):
    bench = start_bench()
    bench.exchange(make_image(100), make_info(), topics=('depth/image', 'points'))
    assert bench.stop(number) == 0
    assert 'Traceback' not in bench.log
    bench.close()


@pytest.mark.parametrize(('arguments', 'reason'), [
    (('model:=/no/such/model.onnx',), "expected a model file at '/no/such/model.onnx'"),
    (('backend:=abacus',), "expected 'backend' to be one of auto, "),
    (('max_depth:=far',), "parameter 'max_depth': "),
    (('threads:=-1',), "expected 'threads' to be 0 or more, got -1"),
    (('cameras:=front',), "parameter 'cameras': "),
    (('cameras:=[front, left, front]',), "expected every name in 'cameras' once, got front again"),
    (('cameras:=[front, 2nd, "rear left", a__b]',), "got '2nd', 'rear left', 'a__b'"),
    (('cameras:=[front]', 'front.scale:=0.0'), "parameter 'front.scale': "),
    (('cloud_stride:=1000',), "parameter 'cloud_stride': "),
    (('min_depth:=5.0', 'max_depth:=2.0'), 'expected min_depth < max_depth'),
    (('qos_overrides./points.publisher.reliability:=quite',), "qos_overrides of '/points'"),
    (('qos_overrides./image.subscription.depth:=deep',), "qos_overrides of '/image'"),
])
def test_impossible_start_ends_with_a_reason_and_code_2(shared_bench, arguments, reason):
    arguments = (f'model:={shared_bench.model}', *arguments)
    given = [word for argument in arguments for word in ('-p', argument)]
    result = subprocess.run(
        [sys.executable, '-m', 'sa4depth_ros.nodes.depth_node', '--ros-args', *given],
        capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    assert result.returncode == 2
    assert reason in result.stdout + result.stderr
    assert 'Traceback' not in result.stderr


def test_unknown_parameters_and_overrides_are_named(start_bench, tmp_path):
    """A misspelt name in a YAML file gets a warning that names the right one."""
    config = tmp_path / 'depth.yaml'
    config.write_text(
        '/**:\n  ros__parameters:\n    max_depht: 3.0\n    max_depth: 20\n'
        '    qos_overrides:\n      /no/topic:\n        publisher:\n          depth: 3\n',
        encoding='utf-8')
    bench = start_bench(arguments=('--params-file', str(config)))
    bench.await_log(
        'active: images from',
        "no parameter 'max_depht', so it is ignored; did you mean 'max_depth'?",
        "'qos_overrides./no/topic.publisher.depth' matches no topic")
    # A whole number is taken for a float.
    assert bench.get('max_depth') == 20.0
    bench.close()

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

"""The service ~/calibrate over real DDS: a planted scale is found, used at once and kept."""

import functools

import numpy as np
import pytest
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from scale_bench import holds, painted, PLANTED, ScaleBench, view
from std_srvs.srv import Trigger


REFERENCES = ('depth', 'lidar', 'odometry')


@pytest.fixture(scope='module')
def start(start_bench):
    """Give a function that starts a node with a reference of some kind beside it."""
    benches = []

    def make(reference, **options):
        kind = functools.partial(ScaleBench, reference=reference)
        benches.append(start_bench(kind=kind, **options))
        return benches[-1]
    yield make
    for bench in benches:
        bench.close()


@pytest.fixture(scope='module')
def bench_with(start):
    """Give a function that gives the node beside a kind of reference, started once."""
    return functools.cache(start)


def card_of(bench):
    return ModelCard.from_yaml(bench.folder / 'blue.yaml')


@pytest.mark.parametrize('reference', REFERENCES)
def test_a_planted_scale_is_found_used_at_once_and_kept(bench_with, reference):
    bench = bench_with(reference)
    assert bench.ratio_of_next_depth() == pytest.approx(1 / PLANTED, rel=0.02)
    bench.await_status(lambda _: bench.values()['scale_calibrated'] == 'False', 'the flag')
    response = bench.calibrate()
    assert response.success, response.message
    assert f'measurements against {reference} {bench.namespace}/reference' in response.message
    assert bench.ratio_of_next_depth() == pytest.approx(1.0, rel=0.02)
    record = card_of(bench).cameras['front_optical']
    assert holds(record, PLANTED), record
    assert record.used >= 30
    assert (record.reference, record.topic) == (reference, f'{bench.namespace}/reference')
    assert (record.date, record.camera[:7]) == ('2020-09-13', '200x150')
    bench.await_status(lambda _: bench.values()['scale_calibrated'] == 'True', 'the flag')
    assert bench.values()['unit'] == 'm'
    assert float(bench.values()['scale']) == pytest.approx(record.scale, rel=1e-4)


def test_a_new_estimator_reads_the_scale(bench_with):
    bench = bench_with('depth')
    if not (bench.folder / 'blue.yaml').is_file():
        bench.calibrate()
    estimator = DepthEstimator(bench.folder / 'blue.onnx', backend='onnxruntime')
    rgb, depth = view(7)
    camera = CameraModel.from_calibration(
        width=200, height=150, K=[170.0, 0, 99.5, 0, 170.0, 74.5, 0, 0, 1])
    frame = estimator.infer([estimator.prepare(
        painted(rgb, depth), camera, frame_id='front_optical')])[0]
    estimator.close()
    assert frame.unit == 'm'
    ratio = frame.depth / depth
    assert float(np.median(ratio)) == pytest.approx(1.0, rel=0.02)


def test_the_node_goes_on_with_its_work_meanwhile(bench_with):
    bench = bench_with('depth')
    bench.change(calibration_measurements=0, calibration_seconds=1.5)
    client = bench.node.create_client(Trigger, 'depth_node/calibrate')
    bench.wait(client.service_is_ready, 'the service')
    future = client.call_async(Trigger.Request())
    bench.wait(lambda: 'collecting since' in bench.values().get('scale_calibration', ''),
               'progress in the diagnostics', bench.play)
    assert bench.ratio_of_next_depth() > 0
    again = bench.calibrate()
    assert not again.success
    assert 'is being calibrated already' in again.message
    assert not future.done()
    bench.wait(future.done, 'the first answer', bench.play)
    assert future.result().success, future.result().message
    bench.change(calibration_measurements=30, calibration_seconds=25.0)
    bench.node.destroy_client(client)


def test_parameters_that_multiply_depth_are_part_of_the_factor(bench_with):
    bench = bench_with('depth')
    bench.change(scale=1.25, calibration_save=False)
    response = bench.calibrate()
    assert 'The parameters multiplied depth by 1.25' in response.message
    assert 'Not stored (calibration_save is false)' in response.message
    assert bench.get('scale') == 1.0
    assert bench.ratio_of_next_depth() == pytest.approx(1.0, rel=0.02)
    bench.change(calibration_save=True)


def test_each_of_several_cameras_has_its_own(start):
    bench = start('depth', camera='left', arguments=(
        '-p', 'cameras:=[front,left]', '-p', 'left.scale:=3.0', '-p', 'scale:=2.0',
        '-p', "scale_reference_topic:='{camera}/reference'"))
    assert bench.calibrate('left/calibrate').success
    assert set(card_of(bench).cameras) == {'left'}
    assert card_of(bench).cameras['left'].scale == pytest.approx(PLANTED, rel=0.02)
    # Together with `scale`, which is not this camera's alone, it multiplies by 1.
    assert bench.get('left.scale') == 0.5
    assert bench.get('scale') == 2.0
    bench.await_status(lambda _: bench.values('left')['scale_calibrated'] == 'True', 'left',
                       camera='left')
    assert bench.values('front')['scale_calibrated'] == 'False'


def test_interrupted_while_it_collects(start):
    bench = start('odometry')
    client = bench.node.create_client(Trigger, 'depth_node/calibrate')
    bench.wait(client.service_is_ready, 'the service')
    client.call_async(Trigger.Request())
    bench.wait(lambda: 'collecting since' in bench.values().get('scale_calibration', ''),
               'progress', bench.play)
    # `close` of the bench looks at exit code and log.
    assert bench.stop() == 0

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

"""Frames of several cameras through one engine."""

from fractions import Fraction

import numpy as np
import pytest
from sa4depth_ros.errors import DeviceError, FrameError, ModelError
from sa4depth_ros.runtime import depth_estimator
from sa4depth_ros.runtime.batch_size import best_batch
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthSettings
from sa4depth_ros.runtime.engines import EngineOptions

LENS = {'D': (-0.3, 0.1, 0, 0, 0), 'distortion_model': 'plumb_bob'}


def camera(width=128, height=96, focal=128.0, **lens):
    K = (focal, 0, (width - 1) / 2, 0, focal, (height - 1) / 2, 0, 0, 1)
    return CameraModel.from_calibration(width=width, height=height, K=K, **lens)


def image(camera, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (camera.height, camera.width, 3), dtype=np.uint8)


@pytest.fixture
def batched(metric_model, monkeypatch):
    """Give an estimator that batches, whatever is faster for so small a model."""
    monkeypatch.setattr(
        depth_estimator, 'best_batch', lambda engine, *_: engine.max_batch)

    def make(batch=3):
        return DepthEstimator(metric_model(f'{batch}.onnx', batch=True), backend='onnxruntime',
                              options=EngineOptions(batch=batch))
    return make


@pytest.fixture
def frames():
    """Give images and cameras of several sizes and lenses, with settings of their own."""
    cameras = (camera(), camera(160, 120, 100.0, **LENS), camera(96, 96, 70.0), None)
    return [(image(c or camera(), i), c, DepthSettings(scale=1.0 + i), f'c{i}')
            for i, c in enumerate(cameras)]


def test_a_batch_gives_what_each_frame_gives_alone(batched, frames):
    estimator = batched(4)
    prepared = [estimator.prepare(*frame) for frame in frames]
    together = estimator.infer(prepared)
    for (rgb, cam, settings, stream), frame in zip(frames, together):
        alone = batched(1).infer([estimator.prepare(rgb, cam, settings, stream)])[0]
        np.testing.assert_array_equal(frame.depth, alone.depth)
        np.testing.assert_array_equal(frame.color(), alone.color())
        assert frame.depth.shape == rgb.shape[:2]
        assert (frame.K is None) == (cam is None)
        if cam is not None:
            np.testing.assert_array_equal(frame.K, cam.P[:, :3])
    depths = [np.nanmedian(frame.depth) for frame in together]
    # Scales 1, 2, 3, 4 on images of the same mean grey.
    np.testing.assert_allclose(np.divide(depths, depths[0]), [1, 2, 3, 4], rtol=0.1)


@pytest.mark.parametrize(('count', 'sizes'), [(1, [1]), (3, [3]), (5, [3, 2]), (6, [3, 3])])
def test_more_frames_than_the_engine_takes_go_in_parts(batched, frames, count, sizes):
    estimator = batched(3)
    seen = []
    infer = estimator.engine.infer
    estimator.engine.infer = lambda tensor, name: seen.append(len(tensor)) or infer(tensor, name)
    assert len(estimator.infer([estimator.prepare(*frames[i % 4]) for i in range(count)])) == count
    assert seen == sizes


def test_a_frame_is_given_before_the_next_one_is_worked_on(batched, frames):
    estimator = batched(1)
    seen = []
    infer = estimator.engine.infer
    estimator.engine.infer = lambda tensor, name: seen.append(len(tensor)) or infer(tensor, name)
    answers = estimator.infer_each([estimator.prepare(*frame) for frame in frames])
    next(answers)
    assert seen == [1]


def test_a_bad_frame_is_refused_alone(batched, frames):
    estimator = batched(3)
    with pytest.raises(FrameError, match='128x96'):
        estimator.prepare(np.zeros((90, 128, 3), np.uint8), camera(), None, 'c0')
    assert len(estimator.infer([estimator.prepare(*frame) for frame in frames])) == 4


def test_each_stream_keeps_the_maps_of_its_lens(batched):
    """Two cameras in turn: were there one memory, every frame would make new maps."""
    estimator = batched(2)
    lenses = {'left': camera(focal=90.0, **LENS), 'right': camera(focal=110.0, **LENS)}
    geometries = [
        {name: estimator.prepare(image(c, 0), c, None, name).geometry
         for name, c in lenses.items()} for _ in range(2)]
    for name in lenses:
        assert geometries[0][name] is geometries[1][name]
    assert geometries[0]['left'] is not geometries[0]['right']


def test_a_static_model_takes_one_frame_at_a_time(metric_model, frames):
    estimator = DepthEstimator(
        metric_model(), backend='onnxruntime', options=EngineOptions(batch=3))
    assert estimator.batch == 1
    assert len(estimator.infer([estimator.prepare(*frame) for frame in frames])) == 4


class TimedEngine:
    """Takes ``fixed`` seconds an inference and one more an image, on a clock of its own."""

    def __init__(self, fixed, max_batch=8, error=None):
        self.fixed, self.max_batch, self.error = fixed, max_batch, error
        self.now = Fraction(0)

    def infer(self, tensor, _output_name):
        if self.error is not None and len(tensor) > 1:
            raise self.error
        self.now += self.fixed + len(tensor)


@pytest.mark.parametrize(('fixed', 'most', 'batch'), [
    # Three images in 3 + fixed, against 1 + fixed each: on average after 2 + 2 * fixed.
    (0, 3, 1), (Fraction(1, 2), 3, 1), (2, 3, 3), (10, 3, 3), (10, 1, 1)])
def test_a_batch_is_chosen_where_frames_are_done_sooner(fixed, most, batch):
    engine, lines = TimedEngine(fixed), []
    tensor = np.zeros((1, 2, 2, 3), np.uint8)
    assert best_batch(engine, tensor, '', most, lines.append, lambda: engine.now) == batch
    assert len(lines) == (most > 1)


def test_no_batch_is_larger_than_the_engine_takes():
    engine = TimedEngine(10, max_batch=2)
    tensor = np.zeros((1, 2, 2, 3), np.uint8)
    assert best_batch(engine, tensor, '', 3, print, lambda: engine.now) == 2


def test_a_model_that_only_pretends_to_take_batches_is_run_one_by_one():
    lines = []
    engine = TimedEngine(10, error=ModelError('Reshape does not fit'))
    assert best_batch(engine, np.zeros((1, 2, 2, 3)), '', 3, lines.append) == 1
    assert 'Reshape does not fit' in lines[0]
    with pytest.raises(DeviceError):
        best_batch(TimedEngine(10, error=DeviceError('lost')), np.zeros((1, 2)), '', 3, print)


def test_a_backend_that_takes_over_gets_frames_one_by_one(batched, frames):
    estimator = batched(3)
    assert estimator.batch == 3
    # As AutoEngine does when the device of the first is lost.
    estimator.engine.name = 'another'
    assert estimator.batch == 1
    assert len(estimator.infer([estimator.prepare(*frame) for frame in frames])) == 4

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

import numpy as np
import pytest
from sa4depth_ros.errors import ConfigError, FrameError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.camera_model import CameraModel
from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthSettings

K = (128.0, 0, 63.5, 0, 128.0, 47.5, 0, 0, 1)


def camera(**changes):
    values = {'width': 128, 'height': 96, 'K': K} | changes
    return CameraModel.from_calibration(**values)


def red_ramp():
    """Give an image (96, 128, 3) whose red grows from left to right, so depth does too."""
    image = np.zeros((96, 128, 3), np.uint8)
    image[..., 0] = np.arange(128) * 2
    return image


def test_depth_lands_on_the_pixels_it_belongs_to(metric_model):
    estimator = DepthEstimator(metric_model(), backend='onnxruntime')
    frame = estimator.estimate(red_ramp(), camera())
    expected = 1 + 9 / 255 * red_ramp()[..., 0]
    assert frame.depth.shape == (96, 128)
    assert frame.unit == 'm'
    np.testing.assert_allclose(frame.depth[:, 2:-2], expected[:, 2:-2], atol=0.04)
    np.testing.assert_array_equal(frame.K, np.reshape(K, (3, 3)))
    assert frame.color() is not None
    np.testing.assert_array_equal(frame.color(), red_ramp())
    assert set(frame.timings) == {'preprocess', 'engine', 'postprocess'}


def test_model_size_output_has_its_own_intrinsics(metric_model):
    estimator = DepthEstimator(metric_model(), output_size='model')
    frame = estimator.estimate(red_ramp(), camera())
    assert frame.depth.shape == (48, 64)
    assert frame.color().shape == (48, 64, 3)
    np.testing.assert_allclose(frame.K, [[64, 0, 31.5], [0, 64, 23.5], [0, 0, 1]])


def test_settings_take_effect_on_the_next_frame(metric_model):
    estimator = DepthEstimator(metric_model())
    before = estimator.estimate(red_ramp(), None).depth
    estimator.settings = DepthSettings(scale=2.0, max_depth=12.0)
    after = estimator.estimate(red_ramp(), None).depth
    near = before < 5.9
    np.testing.assert_allclose(after[near], 2 * before[near], rtol=1e-6)
    assert np.isposinf(after[before > 6.1]).all()


def test_canonical_focal_scales_depth_with_the_focal_length(metric_model):
    """The network sees half the focal length, 64 px; canonical 32 px doubles the depth."""
    plain = DepthEstimator(metric_model()).estimate(red_ramp(), camera())
    canonical = DepthEstimator(metric_model('c.onnx', canonical_focal=32.0))
    frame = canonical.estimate(red_ramp(), camera())
    np.testing.assert_allclose(frame.depth, 2 * plain.depth, rtol=1e-6)
    assert frame.unit == 'm'
    assert canonical.estimate(red_ramp(), None).unit == 'relative'


def test_calibrated_scale_of_the_card_makes_a_relative_model_metric(metric_model):
    model = metric_model(output='relative_depth', scale=3.0, calibrated=True)
    frame = DepthEstimator(model).estimate(np.zeros((96, 128, 3), np.uint8), None)
    assert frame.unit == 'm'
    np.testing.assert_allclose(frame.depth, 3.0)


def test_a_camera_may_have_a_scale_of_its_own(metric_model):
    cameras = {'front': {'scale': 3.0}, 'left_optical': {'scale': 4.0}}
    estimator = DepthEstimator(
        metric_model(output='relative_depth', scale=2.0, cameras=cameras), backend='onnxruntime')
    settings = DepthSettings(scale=0.5, min_depth=1.3)
    image = np.zeros((48, 64, 3), np.uint8)
    found = {names: estimator.infer([estimator.prepare(image, None, settings, *names)])[0]
             for names in (('front', 'x'), ('front', 'left_optical'), ('left', 'left_optical'),
                           ('left', 'x'), ('', ''))}
    # The model says 1; the factor of the settings is on top; only metres are limited.
    assert {names: (frame.depth[9, 9], frame.unit) for names, frame in found.items()} == {
        ('front', 'x'): (1.5, 'm'), ('front', 'left_optical'): (1.5, 'm'),
        ('left', 'left_optical'): (2.0, 'm'), ('left', 'x'): (1.0, 'relative'),
        ('', ''): (1.0, 'relative')}


def test_relative_depth_is_not_limited_by_metres(metric_model):
    """A disparity of some hundreds, as MiDaS gives, would all be 'too near' at a limit of 0.1."""
    estimator = DepthEstimator(metric_model(output='disparity', disparity_scale=100.0))
    estimator.settings = DepthSettings(min_depth=0.1, max_depth=5.0)
    frame = estimator.estimate(red_ramp(), camera())
    assert frame.unit == 'relative'
    assert np.isfinite(frame.depth).all()
    assert frame.depth.max() < 0.1


def test_distorted_image_gives_rectified_depth_and_color(metric_model):
    lens = {'D': (-0.3, 0.1, 0, 0, 0), 'distortion_model': 'plumb_bob',
            'P': (80.0, 0, 63.5, 0, 0, 80, 47.5, 0, 0, 0, 1, 0)}
    frame = DepthEstimator(metric_model()).estimate(red_ramp(), camera(**lens))
    np.testing.assert_array_equal(frame.K[:2, :2], [[80, 0], [0, 80]])
    seen = np.isfinite(frame.depth)
    assert 0.3 < seen.mean() < 0.95
    # Depth is a function of the red channel, so both must be rectified alike.
    expected = 1 + 9 / 255 * frame.color()[..., 0].astype(float)
    assert np.abs(frame.depth - expected)[seen].max() < 0.3


def test_rectify_off_takes_the_image_as_rectified(metric_model):
    lens = {'D': (-0.3, 0.1, 0, 0, 0), 'distortion_model': 'plumb_bob'}
    frame = DepthEstimator(metric_model(), rectify=False).estimate(red_ramp(), camera(**lens))
    np.testing.assert_array_equal(frame.color(), red_ramp())


def test_foreign_model_with_a_yaml_card(foreign_model):
    """Disparity is 1 + mean of normalised channels; depth is 1 / (2 * disparity)."""
    card = ModelCard(
        'foreign', 28, 42, output='disparity', output_name='disparity', disparity_scale=2.0,
        input_layout='NCHW', input_dtype='float32', mean=(0.2, 0.4, 0.1), std=(0.5, 0.25, 0.2))
    card.to_yaml(foreign_model.with_suffix('.yaml'))
    color = np.array([204, 153, 51])
    frame = DepthEstimator(foreign_model).estimate(
        np.full((56, 84, 3), color, np.uint8), None)
    disparity = 1 + np.mean((color / 255 - card.mean) / card.std)
    assert frame.depth.shape == (56, 84)
    assert frame.unit == 'relative'
    np.testing.assert_allclose(frame.depth, 1 / (2 * disparity), rtol=1e-5)


def test_foreign_model_without_card_says_what_to_write(foreign_model):
    with pytest.raises(ModelError, match='YAML card'):
        DepthEstimator(foreign_model)


def test_card_that_contradicts_the_model_is_refused(metric_model, foreign_model):
    ModelCard('wrong', 28, 42).to_yaml(foreign_model.with_suffix('.yaml'))
    with pytest.raises(ModelError, match='correct the card'):
        DepthEstimator(foreign_model)
    with pytest.raises(ModelError, match="kind 'pose'"):
        DepthEstimator(metric_model(kind='pose'))


@pytest.mark.parametrize(('image', 'text'), [
    (np.zeros((96, 128), np.uint8), r'\(h, w, 3\)'),
    (np.zeros((96, 128, 3), np.float32), 'float32'),
    (np.zeros((8, 128, 3), np.uint8), 'at least 16'),
    (np.zeros((90, 128, 3), np.uint8), '128x96'),
])
def test_images_that_do_not_fit_are_refused(metric_model, image, text):
    estimator = DepthEstimator(metric_model())
    with pytest.raises(FrameError, match=text):
        estimator.estimate(image, camera())


def test_unknown_output_size_is_refused(metric_model):
    with pytest.raises(ConfigError, match='image, model'):
        DepthEstimator(metric_model(), output_size='half')

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

"""Losses against numbers computed by hand in NumPy."""

import numpy as np
import pytest
from sa4depth_train.losses import (
    absolute_error, affine_error, gradient_error, scale_error, silog)
import torch


def _maps(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    prediction = torch.from_numpy(rng.uniform(0.5, 5, (2, 1, 16, 24)))
    target = torch.from_numpy(rng.uniform(0.5, 5, (2, 1, 16, 24)))
    target[:, :, :5] = 0
    return prediction, target, target > 0


@pytest.mark.parametrize('weight', [0.0, 0.15, 1.0])
def test_silog_is_the_formula(weight) -> None:
    prediction, target, valid = _maps(0)
    g = np.log(prediction[valid].numpy()) - np.log(target[valid].numpy())
    expected = 10 * np.sqrt(g.var() + weight * g.mean() ** 2)
    assert float(silog(prediction, target, valid, weight)) == pytest.approx(expected, abs=0.011)


def test_silog_ignores_scale_only_with_weight_zero() -> None:
    prediction, target, valid = _maps(1)
    plain, scaled = (float(silog(p, target, valid, 0.0)) for p in (prediction, 3 * prediction))
    assert scaled == pytest.approx(plain, rel=1e-9)
    assert float(silog(3 * target + 1e-9, target, valid, 0.15)) == pytest.approx(
        10 * np.sqrt(0.15) * np.log(3), abs=0.02)


def test_unknown_pixels_change_nothing_and_get_no_gradient() -> None:
    prediction, target, valid = _maps(2)
    other = prediction.clone()
    other[~valid] = 1e6
    assert silog(prediction, target, valid, 0.15) == silog(other, target, valid, 0.15)
    assert gradient_error(prediction, target, valid) == gradient_error(other, target, valid)
    prediction.requires_grad_()
    (silog(prediction, target, valid, 0.15) + gradient_error(prediction, target, valid)).backward()
    assert not prediction.grad[~valid].any()
    assert torch.isfinite(prediction.grad).all()


def test_perfect_and_empty_targets_give_zero_and_finite_gradients() -> None:
    _, target, valid = _maps(3)
    for known in (valid, torch.zeros_like(valid)):
        prediction = torch.where(target > 0, target, 1.0).requires_grad_()
        loss = silog(prediction, target, known, 0.15) + gradient_error(prediction, target, known)
        loss.backward()
        assert abs(loss.item()) < 1e-6
        assert torch.isfinite(prediction.grad).all()


def test_gradients_match_finite_differences() -> None:
    prediction, target, valid = _maps(4)
    prediction = prediction[:1, :, 4:9, :6].clone().requires_grad_()
    target, valid = target[:1, :, 4:9, :6], valid[:1, :, 4:9, :6]
    assert torch.autograd.gradcheck(lambda p: silog(p, target, valid, 0.15), prediction)


def test_gradient_error_by_hand() -> None:
    target = torch.ones(1, 1, 1, 4, dtype=torch.float64)
    prediction = torch.exp(torch.tensor([[[[0.0, 1.0, 1.0, 3.0]]]], dtype=torch.float64))
    valid = torch.ones_like(target, dtype=torch.bool)
    # Horizontal steps 1, 0, 2 over three pairs; there are no vertical pairs.
    assert float(gradient_error(prediction, target, valid, scales=1)) == pytest.approx(1.0)
    # At half resolution 0 -> 1, one pair.
    assert float(gradient_error(prediction, target, valid, scales=2)) == pytest.approx(1.0)
    valid[..., 1] = False
    assert float(gradient_error(prediction, target, valid, scales=1)) == pytest.approx(2.0)


def test_each_image_by_itself_is_the_mean_of_the_images() -> None:
    prediction, target, valid = _maps(5)
    prediction[1] *= 4
    together = silog(prediction, target, valid, 0.15, per_image=True)
    alone = [silog(prediction[i:i + 1], target[i:i + 1], valid[i:i + 1], 0.15) for i in (0, 1)]
    assert float(together) == pytest.approx(float(sum(alone)) / 2, rel=1e-9)
    # Only the batch as a whole minds that its images differ in scale.
    by_batch, by_image = (
        [float(silog(p, target, valid, 0.0, per_image=each))
         for p in (prediction, prediction / torch.tensor([1.0, 4.0]).view(2, 1, 1, 1))]
        for each in (False, True))
    assert by_image[0] == pytest.approx(by_image[1], rel=1e-9)
    assert by_batch[0] > 1.1 * by_batch[1]


def test_scale_error_is_the_size_of_each_images_mean_log_error() -> None:
    _, target, valid = _maps(6)
    known = torch.where(valid, target, 1.0)
    prediction = known * torch.tensor([2.0, 0.25]).view(2, 1, 1, 1)
    expected = (np.log(2) + np.log(4)) / 2
    assert float(scale_error(prediction, target, valid)) == pytest.approx(expected, abs=1e-5)


def test_absolute_error_is_the_mean_size_of_log_errors_of_each_image() -> None:
    prediction, target, valid = _maps(6)
    valid[1, :, 10:] = False
    images = [np.abs(np.log(p[v]) - np.log(t[v])).mean() for p, t, v in zip(
        prediction.numpy(), target.numpy(), valid.numpy())]
    assert float(absolute_error(prediction, target, valid)) == pytest.approx(
        np.mean(images), rel=1e-6)


def test_affine_error_ignores_scale_and_shift_of_inverse_depth() -> None:
    _, target, valid = _maps(7)
    known = torch.where(valid, target, 1.0)
    other = 1 / (0.3 / known + 0.2)
    assert float(affine_error(other, target, valid)) == pytest.approx(0, abs=1e-5)
    assert float(affine_error(known ** 2, target, valid)) > 0.05


@pytest.mark.parametrize('loss', [
    lambda p, t, w: silog(p, t, w, 0.15), gradient_error, scale_error, affine_error,
    absolute_error,
    lambda p, t, w: silog(p, t, w, 0.15, per_image=True)])
def test_weights_count_images_more_and_nothing_known_is_no_loss(loss) -> None:
    prediction, target, valid = _maps(8)
    prediction[1] = torch.where(valid[1], target[1], 1.0)
    even, first, second = (float(loss(prediction, target, valid * torch.tensor(
        pair, dtype=torch.float64).view(2, 1, 1, 1))) for pair in ((1, 1), (3, 1), (1, 3)))
    assert second < even < first
    assert float(loss(prediction, target, valid * torch.tensor([2.0, 2.0]).view(
        2, 1, 1, 1))) == pytest.approx(even, rel=1e-6)
    prediction.requires_grad_()
    nothing = loss(prediction, target, torch.zeros_like(valid))
    nothing.backward()
    assert abs(nothing.item()) < 1e-6
    assert torch.isfinite(prediction.grad).all()
    assert not prediction.grad.any()

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

"""Exported motion networks, in ONNX Runtime alone, do what those of training do."""

import math

from motion_models import as_deployed, EYE, K, photo, SIZE, T_TRUE
import numpy as np
import onnxruntime
import pytest
from sa4depth_ros.geometry.lie import se3_exp, se3_log
from sa4depth_ros.networks.deployed_motion import (
    Aligned, DeployedAlignment, DeployedFeatures)
from sa4depth_train.motion_export import BOUND
import torch


@pytest.fixture(scope='module')
def report(small_motion):
    return small_motion[2]


@pytest.fixture(scope='module')
def deployed(small_motion):
    return as_deployed(small_motion[1])


@pytest.fixture(scope='module')
def sessions(report):
    return {kind: onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
            for kind, path in report.files.items()}


def _features(sessions, image):
    session = sessions['features']
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {'image': image}), strict=True))


def _feed(target, source, depth, start=EYE, seen=None, sigma=0.3, relief=3.0):
    feed = {f'target_{name}': values for name, values in target.items()}
    feed |= {f'source_{name}': values for name, values in source.items() if name != 'gradient'}
    whole = np.ones((1, 1, *SIZE), np.float32)
    return feed | {'depth': depth, 'seen': whole if seen is None else seen, 'K': K.numpy(),
                   'T_initial': np.asarray(start, np.float32),
                   'depth_sigma': np.array([sigma], np.float32),
                   'relief_sigma': np.array([relief], np.float32)}


def _align(sessions, *args, **options):
    return Aligned(*sessions['align'].run(None, _feed(*args, **options)))


SOUND = {
    'motion': lambda image, other, depth: (image, other, depth),
    'no motion': lambda image, other, depth: (image, image, depth),
    'no depth': lambda image, other, depth: (image, other, depth * 0),
    'depth is no number': lambda image, other, depth: (image, other, depth * np.nan)}


@pytest.mark.parametrize('case', SOUND)
def test_every_number_is_that_of_torch(sessions, deployed, case) -> None:
    image, depth = photo(EYE)
    image, other, depth = SOUND[case](image, photo(T_TRUE)[0], depth)
    module = DeployedFeatures(deployed)
    with torch.inference_mode():
        maps = [module(torch.from_numpy(frame)) for frame in (image, other)]
        found = [_features(sessions, frame) for frame in (image, other)]
        for values, expected in zip(found, maps):
            for name, wanted in zip(values, expected):
                np.testing.assert_allclose(values[name], wanted, atol=BOUND, err_msg=name)
        result = _align(sessions, *found, depth)
        wanted = DeployedAlignment(deployed)(
            maps[0], maps[1][:-1], torch.from_numpy(depth), torch.ones(1, 1, *SIZE), K, EYE,
            torch.tensor([0.3]), torch.tensor([3.0]))
    for name, values, expected in zip(Aligned._fields, result, wanted):
        # As in measure_motion_parity: small sums of the information matrix are of large terms.
        largest = np.abs(np.nan_to_num(expected.numpy().astype(float))).max()
        np.testing.assert_allclose(
            values, expected, rtol=0, atol=BOUND * max(1, largest), err_msg=name)
    if case == 'motion':
        assert not result.failed.item()
        assert result.cost_after < result.cost_before
        assert np.abs(result.T_target2source - EYE.numpy()).max() > 0.01


DEGENERATE = {
    **SOUND,
    'no texture': lambda image, other, depth: (np.full_like(image, 90), other, depth),
    'black': lambda image, other, depth: (image * 0, image * 0, depth),
    'another place': lambda image, other, depth: (image, photo(T_TRUE, 5)[0], depth),
    'too near': lambda image, other, depth: (image, other, depth * 1e-6)}


@pytest.mark.parametrize('case', DEGENERATE)
def test_whatever_comes_in_numbers_come_out(sessions, case) -> None:
    image, depth = photo(EYE)
    image, other, depth = DEGENERATE[case](image, photo(T_TRUE)[0], depth)
    result = _align(sessions, *(_features(sessions, frame) for frame in (image, other)), depth)
    for name, values in zip(Aligned._fields, result):
        assert np.isfinite(values).all(), name
    R = result.T_target2source[0, :3, :3]
    np.testing.assert_allclose(R @ R.T, np.eye(3), atol=1e-5)
    if result.failed.item():
        np.testing.assert_array_equal(result.T_target2source, EYE)
        assert result.cost_after == result.cost_before
    if case in ('no motion', 'no depth', 'depth is no number', 'black'):
        assert result.failed.item()
    if 'depth' in case:
        assert (result.overlap.item(), result.inlier_ratio.item()) == (0, 0)
        assert not result.information.any()
    elif case == 'no motion':
        # Nothing to better: failed, but with all that says that it fits.
        assert result.inlier_ratio.item() == 1
        assert result.cost_before.item() < 1e-9
        assert result.flow.item() < 0.01


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_a_first_guess_that_is_no_number_fails(sessions, value) -> None:
    image, depth = photo(EYE)
    start = EYE.numpy().copy()
    start[0, 0, 3] = value
    maps = [_features(sessions, frame) for frame in (image, photo(T_TRUE)[0])]
    result = _align(sessions, *maps, depth, start)
    assert result.failed.item()
    np.testing.assert_array_equal(result.T_target2source, EYE)
    assert all(np.isfinite(values).all() for values in result)


def test_posenet_gives_what_it_gave(sessions, deployed) -> None:
    first, second = photo(EYE)[0], photo(T_TRUE)[0]
    (found,) = sessions['pose'].run(None, {'first': first, 'second': second})
    with torch.inference_mode():
        images = [torch.from_numpy(x).permute(0, 3, 1, 2) / 255 for x in (first, second)]
        # The first frame is the target and the earlier one.
        wanted = deployed.initial_pose(*images, torch.tensor([False]))
    np.testing.assert_allclose(found, wanted, atol=BOUND)
    assert np.abs(found - EYE.numpy()).max() > 1e-3


@pytest.mark.parametrize('seed', range(4))
def test_a_planted_motion_is_recovered(sessions, seed) -> None:
    image, depth = photo(EYE, seed)
    generator = torch.Generator().manual_seed(seed)
    T_true = se3_exp(0.05 * torch.randn(1, 6, generator=generator))
    way = torch.nn.functional.normalize(torch.randn(2, 3, generator=generator), dim=-1)
    distance = float(np.median(depth))
    push = torch.cat((0.05 * distance * way[0], math.radians(3) * way[1]))[None]
    other, _ = photo(T_true, seed)
    target, source = _features(sessions, image), _features(sessions, other)
    start = se3_exp(push) @ T_true
    # One iteration on each level does not do it all; once it is there, none is better.
    for call in range(4):
        result = _align(sessions, target, source, depth, start)
        assert call or not result.failed.item()
        start = result.T_target2source
    rest = se3_log(torch.from_numpy(result.T_target2source) @ torch.linalg.inv(T_true))[0]
    assert math.degrees(rest[3:].norm()) < 0.3
    assert rest[:3].norm() < 0.01 * distance
    assert result.overlap.item() > 0.5


def test_nothing_in_the_letterbox_counts(sessions) -> None:
    image, depth = photo(EYE)
    maps = [_features(sessions, frame) for frame in (image, photo(T_TRUE)[0])]
    seen = np.ones((1, 1, *SIZE), np.float32)
    seen[..., :48, :] = 0
    results = []
    for value in (0.5, 100.0):
        # Other depth, features and gradient where nothing is seen change nothing.
        depth[..., :16, :] = value
        for frame in maps:
            for values in frame.values():
                values[..., :values.shape[-2] // 6, :] = value
        results.append(_align(sessions, *maps, depth, seen=seen))
    assert not results[0].failed.item()
    for name in ('T_target2source', 'information', 'overlap', 'flow'):
        np.testing.assert_allclose(
            getattr(results[0], name), getattr(results[1], name), rtol=1e-4, atol=1e-4)
    whole = _align(sessions, *maps, depth)
    assert np.abs(whole.information - results[0].information).max() > 1

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

import hashlib
import math

from motion_models import as_deployed, export_small, EYE, K, photo, save_small, SIZE, T_TRUE
import numpy as np
import onnx
import onnxruntime
import pytest
from rendered_pair import render
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.geometry.lie import se3_exp, se3_log
from sa4depth_ros.model_card import CHECKPOINT_KEY, ModelCard
from sa4depth_ros.networks.deployed_motion import (
    Aligned, DeployedAlignment, DeployedFeatures)
from sa4depth_ros.networks.feature_net import FeatureNet
from sa4depth_train.motion_export import BOUND, export_motion
import torch


@pytest.fixture(scope='module')
def checkpoint(small_motion):
    return small_motion[0]


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


def _feed(target, source, depth, start=EYE, seen=None):
    feed = {f'target_{name}': values for name, values in target.items()}
    feed |= {f'source_{name}': values for name, values in source.items() if name != 'gradient'}
    whole = np.ones((1, 1, *SIZE), np.float32)
    return feed | {'depth': depth, 'seen': whole if seen is None else seen, 'K': K.numpy(),
                   'T_initial': np.asarray(start, np.float32)}


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
            maps[0], maps[1][:-1], torch.from_numpy(depth), torch.ones(1, 1, *SIZE), K, EYE)
    for name, values, expected in zip(Aligned._fields, result, wanted):
        np.testing.assert_allclose(values, expected, atol=BOUND, rtol=BOUND, err_msg=name)
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


def _as_features(sessions, colors):
    """Let the picture itself be the features, as a well trained network might."""
    shapes = {output.name: output.shape for output in sessions['features'].get_outputs()}
    maps = {}
    for stride in FeatureNet.strides:
        channels = shapes[f'features_{stride}'][1]
        values = torch.nn.functional.avg_pool2d(colors, stride)
        values = values.repeat(1, math.ceil(channels / colors.shape[1]), 1, 1)[:, :channels]
        maps[f'features_{stride}'] = values.numpy()
        maps[f'confidence_{stride}'] = np.ones_like(maps[f'features_{stride}'][:, :1])
    return maps


@pytest.mark.parametrize('seed', range(4))
def test_a_planted_motion_is_recovered(sessions, seed) -> None:
    colors, depth = render(EYE, K, seed, 8, size=SIZE)
    generator = torch.Generator().manual_seed(seed)
    T_true = se3_exp(0.05 * torch.randn(1, 6, generator=generator))
    way = torch.nn.functional.normalize(torch.randn(2, 3, generator=generator), dim=-1)
    push = torch.cat((0.05 * depth.median() * way[0], math.radians(3) * way[1]))[None]
    other, _ = render(T_true, K, seed, 8, size=SIZE)
    target, source = _as_features(sessions, colors), _as_features(sessions, other)
    target['gradient'] = np.abs(np.random.default_rng(seed).normal(size=(1, 1, *SIZE))).astype(
        np.float32)
    start = se3_exp(push) @ T_true
    # One iteration on each level does not do it all; once it is there, none is better.
    for call in range(4):
        result = _align(sessions, target, source, depth.numpy(), start)
        assert call or not result.failed.item()
        start = result.T_target2source
    rest = se3_log(torch.from_numpy(result.T_target2source) @ torch.linalg.inv(T_true))[0]
    assert math.degrees(rest[3:].norm()) < 0.3
    assert rest[:3].norm() < 0.01 * depth.median()
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


def test_the_files_say_what_they_are(report, checkpoint) -> None:
    folder = checkpoint.parent
    assert report.files == {kind: folder / f'mine.{kind}.onnx'
                            for kind in ('features', 'align', 'pose')}
    assert {path.name for path in folder.iterdir()} == {
        'both.safetensors', 'encoder', *(path.name for path in report.files.values())}
    identity = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    for kind, path in report.files.items():
        model = onnx.load(path)
        onnx.checker.check_model(model)
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        card = ModelCard.from_metadata(metadata)
        assert (card.kind, card.input_height, card.input_width) == (kind, *SIZE)
        assert (card.licence, card.output, card.metrics) == ('none', 'relative_depth', {})
        assert metadata[CHECKPOINT_KEY] == identity
        assert [entry.domain for entry in model.opset_import] == ['']
        assert not any(text in path.read_bytes() for text in (b'site-packages', b'stack_trace'))
        if kind == 'align':
            strides = ', '.join(map(str, FeatureNet.strides))
            assert f'256 points, 1 iteration(s) on each of the strides {strides}' in card.notes
    assert max(report.parity.values()) < BOUND
    assert report.compared_on.startswith('12 frames of demo_room')


def test_outputs_of_features_are_inputs_of_align(sessions) -> None:
    shapes = {kind: ({v.name: v.shape for v in session.get_inputs()},
                     {v.name: v.shape for v in session.get_outputs()})
              for kind, session in sessions.items()}
    (image, maps), (inputs, outputs), (pair, pose) = (
        shapes[kind] for kind in ('features', 'align', 'pose'))
    assert image == {'image': ['batch', *SIZE, 3]}
    fixed = {name: [1, *shape[1:]] for name, shape in maps.items()}
    assert inputs == (
        {f'target_{name}': shape for name, shape in fixed.items()}
        | {f'source_{name}': shape for name, shape in fixed.items() if name != 'gradient'}
        | {'depth': [1, 1, *SIZE], 'seen': [1, 1, *SIZE], 'K': [1, 3, 3],
           'T_initial': [1, 4, 4]})
    assert outputs == {'T_target2source': [1, 4, 4], 'information': [1, 6, 6]} | {
        name: [1] for name in Aligned._fields[2:]}
    assert pair == {'first': [1, *SIZE, 3], 'second': [1, *SIZE, 3]}
    assert pose == {'T_first2second': [1, 4, 4]}


def test_depth_alone_is_refused(tmp_path) -> None:
    checkpoint = tmp_path / 'depth.safetensors'
    save_small(checkpoint, motion=False)
    with pytest.raises(ModelError, match='is a depth-only checkpoint'):
        export_small(checkpoint)
    assert {path.name for path in tmp_path.iterdir()} == {'depth.safetensors', 'encoder'}


def test_without_refinement_there_is_posenet_alone(report, tmp_path, monkeypatch) -> None:
    # The weights are those of the model that is exported already.
    monkeypatch.setattr('sa4depth_train.motion_export.trace_pose',
                        lambda *_: onnx.load(report.files['pose']))
    save_small(tmp_path / 'plain.safetensors', refine=False)
    assert set(export_small(tmp_path / 'plain.safetensors').files) == {'pose'}


@pytest.fixture
def untraced(report, monkeypatch):
    """Take graphs that are there already."""
    kinds = {kind: lambda *_, path=path: onnx.load(path)
             for kind, path in report.files.items()}
    monkeypatch.setattr('sa4depth_train.motion_export._kinds', lambda _: kinds)


def test_files_that_differ_are_not_written(untraced, tmp_path) -> None:
    checkpoint = tmp_path / 'other.safetensors'
    save_small(checkpoint, seed=3)
    with pytest.raises(ModelError, match=r'differ .*confidence_\d+ .*; no file'):
        export_small(checkpoint)
    assert {path.name for path in tmp_path.iterdir()} == {'other.safetensors', 'encoder'}


@pytest.mark.parametrize(('option', 'message'), [
    ({'points': 3}, 'points must be >= 16'), ({'iterations': -1}, 'iterations must be >= 1')])
def test_impossible_options_are_refused(checkpoint, tmp_path, option, message) -> None:
    with pytest.raises(ConfigError, match=message):
        export_motion(checkpoint, tmp_path / 'mine.onnx', **option)

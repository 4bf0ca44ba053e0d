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

"""What an export of motion writes, and when it writes nothing."""

import hashlib

from motion_models import export_small, save_small, SIZE
import onnx
import onnxruntime
import pytest
from sa4depth_ros.errors import ConfigError, ModelError
from sa4depth_ros.model_card import CHECKPOINT_KEY, ModelCard
from sa4depth_ros.networks.deployed_motion import Aligned
from sa4depth_ros.networks.feature_net import FeatureNet
from sa4depth_train import motion_export
from sa4depth_train.motion_export import BOUND, export_motion


@pytest.fixture(scope='module')
def checkpoint(small_motion):
    return small_motion[0]


@pytest.fixture(scope='module')
def report(small_motion):
    return small_motion[2]


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


def test_outputs_of_features_are_inputs_of_align(report) -> None:
    sessions = {kind: onnxruntime.InferenceSession(str(path))
                for kind, path in report.files.items()}
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
           'T_initial': [1, 4, 4], 'depth_sigma': [1], 'relief_sigma': [1]})
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


def test_a_posenet_that_needs_depth_is_refused(tmp_path) -> None:
    checkpoint = tmp_path / 'scaled.safetensors'
    network = save_small(checkpoint, by_inverse_depth=True)
    assert network.config.pose.by_inverse_depth
    with pytest.raises(ModelError, match=r'motion\.pose\.by_inverse_depth=true; .*--no-motion'):
        export_small(checkpoint)
    assert {path.name for path in tmp_path.iterdir()} == {'scaled.safetensors', 'encoder'}


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


@pytest.mark.parametrize('size', [(96, 100), (0, 128)])
def test_sizes_that_the_encoder_cannot_take_are_refused(checkpoint, tmp_path, size) -> None:
    with pytest.raises(ConfigError, match='multiples of 32, got'):
        export_motion(checkpoint, tmp_path / 'mine.onnx', size=size)


def test_motion_has_a_size_of_its_own(report, checkpoint, tmp_path, monkeypatch) -> None:
    sizes = []

    def traced(_, size):
        sizes.append(size)
        return onnx.load(report.files['pose'])
    monkeypatch.setattr(motion_export, '_kinds', lambda _: {'pose': traced})
    monkeypatch.setattr(motion_export, 'measure_motion_parity',
                        lambda *args: sizes.append(args[3][0][0].shape[:2]) or {})
    written = export_motion(checkpoint, tmp_path / 'mine.onnx', size=(64, 96))
    model = onnx.load(written.files['pose'])
    card = ModelCard.from_metadata({entry.key: entry.value for entry in model.metadata_props})
    assert (card.input_height, card.input_width) == (64, 96)
    assert sizes == [(64, 96), (64, 96)]

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

"""The motion files of a robot: what goes in, what comes out, which files belong together."""

import shutil

from motion_models import as_deployed, CARD, EYE, HEIGHT, K, photo, SIZE, T_TRUE, WIDTH
import numpy as np
import onnx
import pytest
from sa4depth_ros.errors import BackendMissingError, ModelError
from sa4depth_ros.model_card import CHECKPOINT_KEY
from sa4depth_ros.networks.deployed_motion import (
    Aligned, DeployedAlignment, DeployedFeatures, DeployedPose)
from sa4depth_ros.runtime.motion_engines import MotionEngines
import torch

SEEN = np.ones(SIZE, np.float32)
K64, START = K[0].double().numpy(), np.eye(4)


@pytest.fixture(scope='module')
def model(small_motion):
    return small_motion[0].with_name('mine.onnx')


@pytest.fixture(scope='module')
def engines(model):
    return MotionEngines(model, threads=1)


@pytest.fixture(scope='module')
def pair():
    (image, depth), (other, _) = photo(EYE), photo(T_TRUE)
    return image[0], other[0], depth[0, 0]


@pytest.fixture
def copied(model, tmp_path):
    for file in model.parent.glob('mine.*.onnx'):
        shutil.copy(file, tmp_path)
    return tmp_path / 'mine.onnx'


def test_they_give_what_torch_gives(engines, small_motion, pair) -> None:
    network, (image, other, depth) = as_deployed(small_motion[1]), pair
    found = engines.align(engines.features(image), engines.features(other), depth, SEEN, K64,
                          START, 0.3, 3.0)
    with torch.inference_mode():
        frames = [torch.from_numpy(frame)[None] for frame in (image, other)]
        maps = [DeployedFeatures(network)(frame) for frame in frames]
        planes = [torch.from_numpy(plane)[None, None] for plane in (depth, SEEN)]
        wanted = DeployedAlignment(network)(
            maps[0], maps[1][:-1], *planes, K, EYE, torch.tensor([0.3]),
            torch.tensor([3.0]))
        guess = DeployedPose(network)(*frames)
    for name in Aligned._fields:
        # As in measure_motion_parity: small sums of the information matrix are of large terms.
        expected = getattr(wanted, name)[0].numpy()
        np.testing.assert_allclose(getattr(found, name), expected, rtol=0, err_msg=name,
                                   atol=1e-4 * max(1, np.abs(expected).max()))
    np.testing.assert_allclose(engines.guess(image, other), guess[0], atol=1e-4)
    assert not found.failed
    assert (found.T_target2source.shape, found.information.shape) == ((4, 4), (6, 6))
    assert {found.T_target2source.dtype, found.information.dtype} == {np.dtype(np.float64)}
    assert type(found.flow) is float


def test_they_say_what_they_are(engines) -> None:
    assert engines.size == (WIDTH, HEIGHT)
    assert engines.has_guess
    assert (engines.card.kind, engines.card.name) == ('features', CARD.name)


@pytest.mark.parametrize('unknown', [0, np.nan, np.inf])
def test_unknown_depth_is_left_out(engines, pair, unknown) -> None:
    image, other, depth = pair
    maps = engines.features(image), engines.features(other)
    depth = depth.copy()
    depth[:, : WIDTH // 2] = 0
    wanted = engines.align(*maps, depth, SEEN, K64, START, 0.3, 3.0)
    assert not wanted.failed
    depth[:, : WIDTH // 2] = unknown
    found = engines.align(*maps, depth, SEEN, K64, START, 0.3, 3.0)
    np.testing.assert_array_equal(found.T_target2source, wanted.T_target2source)
    assert found.overlap == wanted.overlap
    depth[:] = unknown
    nothing = engines.align(*maps, depth, SEEN, K64, START, 0.3, 3.0)
    assert nothing.failed
    np.testing.assert_array_equal(nothing.T_target2source, START)


def test_arrays_may_lie_as_they_like(engines, pair) -> None:
    image, other, depth = pair
    wanted = engines.align(
        engines.features(image), engines.features(other), depth, SEEN, K64, START, 0.3, 3.0)
    askew = [np.asfortranarray(values) for values in (image, other, depth, SEEN, K64, START)]
    found = engines.align(engines.features(askew[0]), engines.features(askew[1]), *askew[2:],
                          0.3, 3.0)
    np.testing.assert_array_equal(found.T_target2source, wanted.T_target2source)


def test_any_of_the_files_finds_the_others(model, engines, pair) -> None:
    for kind in ('features', 'align', 'pose'):
        other = MotionEngines(model.with_suffix(f'.{kind}.onnx'))
        np.testing.assert_array_equal(
            other.guess(*pair[:2]), engines.guess(*pair[:2]), err_msg=kind)
        other.close()


def test_there_may_be_no_first_guess(copied, pair) -> None:
    copied.with_suffix('.pose.onnx').unlink()
    engines = MotionEngines(copied)
    assert not engines.has_guess
    with pytest.raises(ModelError, match=r'no file \*\.pose\.onnx'):
        engines.guess(*pair[:2])


@pytest.mark.parametrize('kind', ['features', 'align'])
def test_missing_files_are_named(copied, kind) -> None:
    copied.with_suffix(f'.{kind}.onnx').unlink()
    with pytest.raises(ModelError, match=rf'there is no .*mine\.{kind}\.onnx; export .*sa4depth'):
        MotionEngines(copied)


def _give(path, **metadata):
    model = onnx.load(path)
    known = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, known | metadata)
    onnx.save_model(model, str(path))


def test_files_of_two_exports_are_refused(copied) -> None:
    _give(copied.with_suffix('.align.onnx'), **{CHECKPOINT_KEY: 'another'})
    with pytest.raises(ModelError, match=r'mine\.align\.onnx.* are not of one export; run'):
        MotionEngines(copied)


def test_a_file_of_another_kind_is_refused(copied) -> None:
    shutil.copy(copied.with_suffix('.features.onnx'), copied.with_suffix('.align.onnx'))
    with pytest.raises(ModelError, match="the kind 'align' at '.*', got 'features'"):
        MotionEngines(copied)
    copied.with_suffix('.align.onnx').write_bytes(b'no model')
    with pytest.raises(ModelError, match='cannot load'):
        MotionEngines(copied)


def test_wrong_input_is_a_model_error(engines, pair) -> None:
    image, other, depth = pair
    maps = engines.features(image), engines.features(other)
    with pytest.raises(ModelError, match='failed on one frame'):
        engines.features(image[:-1])
    with pytest.raises(ModelError, match='failed on one frame'):
        engines.align(*maps, depth[:-1], SEEN, K64, START, 0.3, 3.0)
    with pytest.raises(ModelError, match='failed on one frame'):
        engines.guess(image, image[:, :-1])


def test_a_provider_that_is_not_there_is_refused(model) -> None:
    with pytest.raises(BackendMissingError, match='not NowhereExecutionProvider'):
        MotionEngines(model, provider='NowhereExecutionProvider')

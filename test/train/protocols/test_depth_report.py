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

"""A benchmark measured with estimators that are right or wrong by construction."""

from types import SimpleNamespace

import numpy as np
import pytest
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_train.excerpt import Excerpt
from sa4depth_train.protocols.depth_protocol import DepthProtocol
from sa4depth_train.protocols.depth_report import DepthOptions, measure_depth, predict
from sa4depth_train.protocols.depth_set import DepthSample, DepthSet, pinhole
from sa4depth_train.protocols.protocol_page import depth_table

RULES = DepthProtocol('made', 0.1, 10.0, 3)
CAMERA = pinhole(np.array([[30.0, 0, 14.0], [0, 30.0, 11.0], [0, 0, 1]]), (40, 24))


class Reader:
    """Gives the depth that the red channel holds in decimetres, times ``factor``."""

    def __init__(self, factor: float = 1.0, unit: str = 'm', slope: float = 0.0) -> None:
        self.factor, self.unit, self.slope = factor, unit, slope
        self.cameras = []

    def estimate(self, rgb, camera):
        self.cameras.append(camera)
        # The slope makes it more wrong to the right, whatever it is shown.
        ramp = 1 + self.slope * np.linspace(-1, 1, rgb.shape[1], dtype=np.float32)
        depth = rgb[..., 0].astype(np.float32) / 10 * np.float32(self.factor) * ramp
        return SimpleNamespace(depth=depth, unit=self.unit)


def made_set(targets: list[np.ndarray], notes: tuple[str, ...] = ()) -> DepthSet:
    def read(index: int) -> DepthSample:
        rgb = np.zeros((*targets[index].shape, 3), np.uint8)
        rgb[..., 0] = np.round(targets[index] * 10)
        return DepthSample(rgb, CAMERA, targets[index])
    return DepthSet(RULES, [f'frame {n}' for n in range(len(targets))], read, notes)


@pytest.fixture
def found() -> DepthSet:
    rng = np.random.default_rng(0)
    return made_set([(rng.integers(10, 99, (24, 40)) / 10).astype(np.float32) for _ in range(3)])


def test_the_truth_scores_perfectly_and_the_full_set_has_no_notes(found) -> None:
    report = measure_depth(Reader(), found, DepthOptions())
    assert report.metrics['abs_rel'] == pytest.approx(0, abs=1e-6)
    assert report.metrics['delta1'] == report.metrics['coverage'] == 1
    assert report.metrics['frames'] == 3 and report.notes == () and not report.scaled
    values = report.to_json()
    assert (values['dataset'], values['median_scaling'], values['unit']) == ('made', False, 'm')
    assert len(report.result.pictures) > 0 and report.result.series is not None


def test_models_without_a_unit_are_scaled_others_when_asked(found) -> None:
    relative = measure_depth(Reader(7.0, 'relative'), found, DepthOptions())
    assert relative.scaled and relative.metrics['abs_rel'] == pytest.approx(0, abs=1e-5)
    assert relative.metrics['median_scale'] == pytest.approx(1 / 7)
    assert relative.metrics['scale_consistency'] == pytest.approx(0, abs=1e-5)
    metric = measure_depth(Reader(1.1), found, DepthOptions('off'))
    # Clamped to 10 m; nearer than that a tenth too far.
    assert 0.08 < metric.metrics['abs_rel'] < 0.1 and not metric.scaled
    asked = measure_depth(Reader(1.1), found, DepthOptions('on'))
    assert asked.scaled and asked.unit == 'm'
    # What is shown is what was judged.
    assert all(picture.scaled for picture in asked.result.pictures)
    assert asked.result.series.plain is None and metric.result.series.plain is not None
    assert 'median scaling' in depth_table(relative).caption
    assert 'no scaling' in depth_table(metric).caption
    with pytest.raises(ConfigError, match='cannot be judged without median scaling'):
        measure_depth(Reader(7.0, 'relative'), found, DepthOptions('off'))
    with pytest.raises(ConfigError, match="one of auto, on, off, got 'maybe'"):
        DepthOptions('maybe')


def test_the_mirror_image_takes_out_what_leans_to_one_side(found) -> None:
    leaning = Reader(slope=0.2)
    plain = measure_depth(leaning, found, DepthOptions())
    flipped = measure_depth(leaning, found, DepthOptions(flip=True))
    assert plain.metrics['abs_rel'] > 0.05
    assert flipped.metrics['abs_rel'] == pytest.approx(0, abs=1e-5)
    assert flipped.to_json()['flip'] and 'flip' in depth_table(flipped).caption


def test_the_mirrored_camera_sees_the_mirrored_ray(found) -> None:
    reader = Reader()
    predict(reader, found.read(0), flip=True)
    straight, mirrored = reader.cameras
    for column in (0, 7, 39):
        ray = (column - straight.K[0, 2]) / straight.K[0, 0]
        assert ((39 - column) - mirrored.K[0, 2]) / mirrored.K[0, 0] == pytest.approx(-ray)
    np.testing.assert_array_equal(mirrored.K, mirrored.P)


def test_a_part_of_the_set_is_no_result_and_says_so(found) -> None:
    report = measure_depth(Reader(), found, DepthOptions(), Excerpt(frames=(1, 2)))
    assert report.metrics['frames'] == 1
    assert '1 frames, the official test set has 3' in report.notes[0]


def test_frames_without_truth_and_pixels_without_depth_are_told(found) -> None:
    targets = [found.read(0).target, np.zeros((24, 40), np.float32), found.read(2).target]
    report = measure_depth(Reader(), made_set(targets, ('A note.',)), DepthOptions())
    assert report.metrics['frames'] == 2
    assert report.notes == ('A note.', '1 frames have no truth that counts.')

    class Holes(Reader):

        def estimate(self, rgb, camera):
            frame = super().estimate(rgb, camera)
            frame.depth[:12] = np.nan
            return frame

    holes = measure_depth(Holes(), found, DepthOptions())
    assert holes.metrics['coverage'] == pytest.approx(0.5, abs=0.02)
    assert 'gives no depth on some pixels' in holes.notes[-1]
    with pytest.raises(BagError, match='no frame of 1 has 10 pixels'):
        measure_depth(Reader(), made_set(targets[1:2]), DepthOptions())


def test_a_coarse_truth_is_compared_on_its_own_pixels(found) -> None:
    fine = found.read(0)
    coarse = np.ascontiguousarray(fine.target[2::4, 2::4])
    rules = DepthProtocol('coarse', 0.1, 10.0, 1, nearest=True)
    report = measure_depth(
        Reader(), DepthSet(rules, ['a'], lambda _: DepthSample(fine.rgb, None, coarse)),
        DepthOptions())
    assert report.metrics['frames'] == 1
    picture = report.result.pictures[0]
    assert picture.target.shape == picture.prediction.shape == picture.color.shape[:2]

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

"""The planted scale of a model is found in a bag by each reference, or refused with the reason."""

from dataclasses import replace

import numpy as np
import pytest
from robot_bag import (
    K, Oracle, STEP, T_CAMERA2BASE, T_LIDAR2BASE, transform, turn_only, write_robot_bag)
from sa4depth_ros.errors import BagError, CalibrationError, ConfigError
from sa4depth_ros.model_card import ModelCard
from sa4depth_train.bag_index import fingerprint
from sa4depth_train.bag_reader import BagReader
from sa4depth_train.bag_transforms import BagTransforms
from sa4depth_train.scale_calibration import calibrate_bag
from sa4depth_train.scale_config import KnownDistance, ScaleConfig

CARD = ModelCard('oracle', 48, 64, output='relative_depth', scale=0.5)
FACTOR = 3.7


@pytest.fixture(scope='module')
def everything(tmp_path_factory):
    return write_robot_bag(tmp_path_factory.mktemp('bags') / 'robot',
                           has=('depth', 'lidar', 'odometry', 'tf'))


def calibrate(bag, config=None, **options):
    return calibrate_bag(
        Oracle(bag, FACTOR, **options), CARD, bag.path, config or ScaleConfig())


@pytest.mark.parametrize('reference', ['depth', 'lidar', 'odometry'])
def test_the_planted_scale_is_found(everything, reference) -> None:
    result = calibrate(everything, ScaleConfig(reference=reference))
    estimate, record = result.estimate, result.record
    assert estimate.scale == pytest.approx(FACTOR, rel=0.02)
    assert estimate.low < FACTOR < estimate.high
    assert not estimate.refused
    assert record.scale == pytest.approx(0.5 * estimate.scale)
    assert record.reference == reference
    assert (record.bag, record.date, record.frame_id) == ('robot', '2020-09-13', 'front_optical')
    assert record.bag_sha256 == fingerprint(everything.path)
    assert record.camera.startswith('200x150, fx 170.0')


def test_depth_comes_first_where_nothing_is_said(everything) -> None:
    result = calibrate(everything, ScaleConfig(frames=10))
    assert (result.record.reference, result.estimate.used) == ('depth', 10)
    assert result.record.topic == '/front/depth/image_raw'


def test_bad_depth_does_not_bend_the_motion(everything) -> None:
    result = calibrate(everything, ScaleConfig(reference='odometry'), noise=0.2)
    assert result.estimate.scale == pytest.approx(FACTOR, rel=0.04)


@pytest.mark.parametrize('places', [1, 4])
def test_known_distances(everything, places) -> None:
    distances, depths = [], list(everything.depths.values())
    for frame in range(0, 10 * places, 10):
        ray = np.linalg.norm(np.linalg.inv(K) @ [60, 80, 1])
        distances.append(KnownDistance(depths[frame][80, 60] * ray, frame, (55, 75, 11, 11)))
    config = ScaleConfig(distances=tuple(distances), tape_error=0.02)
    result = calibrate(everything, config, flicker=0.002, noise=0.02)
    assert result.estimate.scale == pytest.approx(FACTOR, rel=0.02)
    assert result.estimate.low < FACTOR < result.estimate.high
    # One place tells nothing of the others, and the record does not pretend so.
    assert (result.record.low > 0) == (places == 4)
    assert any('One or two places' in note for note in result.notes) == (places == 1)


def test_a_box_outside_and_a_frame_that_is_not_there(everything) -> None:
    with pytest.raises(CalibrationError, match=r'within the picture of 200x150.*x 195 to 204'):
        calibrate(everything, ScaleConfig(distances=(KnownDistance(2, 0, (195, 5, 10, 10)),)))
    with pytest.raises(BagError, match='no frame 99: the bag has 45 images'):
        calibrate(everything, ScaleConfig(distances=(KnownDistance(2, 99, (5, 5, 10, 10)),)))
    with pytest.raises(ConfigError, match='above 0 metres, got -2'):
        KnownDistance(-2, 0, (5, 5, 10, 10))


def test_odometry_of_the_camera_itself_needs_no_transform(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'bag', has=('odometry',), body='front_optical')
    assert calibrate(bag).estimate.scale == pytest.approx(FACTOR, rel=0.02)


def test_a_missing_transform_is_named(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'bag', has=('odometry', 'lidar'), frames=3)
    for reference, frame in (('odometry', 'base_link'), ('lidar', 'lidar')):
        with pytest.raises(BagError, match=f"transform between.*'{frame}'.*connects: none"):
            calibrate(bag, ScaleConfig(reference=reference))


def test_odometry_of_nobody_needs_a_name(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'bag', body='')
    with pytest.raises(BagError, match=r'does not say whose poses.*--odom-frame'):
        calibrate(bag)
    config = ScaleConfig(odom_frame='front_optical')
    assert calibrate(bag, config).estimate.scale == pytest.approx(FACTOR, rel=0.02)


def test_the_wrong_frame_for_the_poses_is_refused(everything) -> None:
    # Poses of base_link, taken as those of the camera.
    with pytest.raises(CalibrationError, match=r'x direction, the last: .*transform'):
        calibrate(everything, ScaleConfig(reference='odometry', odom_frame='front_optical'))


def test_only_rotation_is_refused(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'turn', poses=turn_only, claimed=lambda number: transform(
        turn_only(number)[:3, :3], (0.02 * number, 0, 0)))
    with pytest.raises(CalibrationError, match=r'got 0.*x (rotation|direction)'):
        calibrate(bag)
    bag = write_robot_bag(tmp_path / 'still', poses=turn_only)
    with pytest.raises(CalibrationError, match=r'x still, the last: .*says 0.0000 m'):
        calibrate(bag)


def test_nothing_at_the_same_time_is_refused(tmp_path) -> None:
    has = ('depth', 'lidar', 'odometry', 'tf')
    bag = write_robot_bag(tmp_path / 'bag', has=has, frames=8, delay=100 * STEP)
    with pytest.raises(CalibrationError, match=r'8 x stamps.*/points is 9.300 s from image 7'):
        calibrate(bag, ScaleConfig(reference='lidar'))
    with pytest.raises(CalibrationError, match=r'8 x stamps.*no pose within 0.05 s'):
        calibrate(bag, ScaleConfig(reference='odometry'))
    with pytest.raises(BagError, match='no /front/depth/image_raw within'):
        calibrate(bag, ScaleConfig(reference='depth'))


def test_too_little_of_the_picture_is_refused(everything) -> None:
    config = ScaleConfig(reference='lidar', max_depth=0.2)
    with pytest.raises(CalibrationError, match=r'45 x overlap.*at least 50 pixels.*got 0'):
        calibrate(everything, config)


def test_a_scale_that_jumps_says_how_much(everything) -> None:
    with pytest.raises(CalibrationError, match=r'differs by \d+%.*allowed are 30%'):
        calibrate(everything, ScaleConfig(reference='depth'), flicker=0.8)


def test_a_bag_without_any_reference_says_what_it_has(tmp_path) -> None:
    bag = write_robot_bag(tmp_path / 'bag', has=(), frames=3)
    with pytest.raises(BagError, match=r'nothing to tell the scale by.*/front/image_raw'):
        calibrate(bag)
    for reference in ('depth', 'lidar', 'odometry'):
        with pytest.raises(BagError, match=f'for the reference {reference}'):
            calibrate(bag, ScaleConfig(reference=reference))


def test_the_start_leaves_the_beginning_out(everything) -> None:
    result = calibrate(everything, ScaleConfig(reference='depth', start=0.8))
    assert result.estimate.used == 9


def test_transforms_are_chained_both_ways(everything) -> None:
    transforms = BagTransforms(BagReader(everything.path))
    T = np.linalg.inv(T_CAMERA2BASE) @ T_LIDAR2BASE
    np.testing.assert_allclose(transforms.between('lidar', '/front_optical'), T, atol=1e-9)
    np.testing.assert_allclose(transforms.between('front_optical', 'lidar'), np.linalg.inv(T),
                               atol=1e-9)


@pytest.mark.parametrize('change', [
    {'reference': 'sonar'}, {'frames': 0}, {'start': 1.0}, {'reference': 'distance'},
    {'min_depth': 5.0, 'max_depth': 1.0}])
def test_impossible_settings_are_refused(change) -> None:
    with pytest.raises(ConfigError, match='expected|needs'):
        replace(ScaleConfig(), **change)

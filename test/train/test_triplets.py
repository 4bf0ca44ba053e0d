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

"""Which frames become targets, which sources they get, and why others are left out."""

from pathlib import Path

import numpy as np
from planes import FakeFrames, K, picture, pose
import pytest
from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import DataConfig, TripletConfig
from sa4depth_train.motion_filter import measure_motion, motion_frame
from sa4depth_train.triplets import find_triplets, Triplet
from walk_bag import write_walk


def _frames(folder: Path, poses: list[np.ndarray]) -> FakeFrames:
    return FakeFrames([picture(T) for T in poses], folder, K)


def _all(frames: FakeFrames) -> dict[str, list[int]]:
    return {'bag': list(range(len(frames.pictures)))}


def test_neighbours_are_the_sources_of_a_moving_camera(tmp_path) -> None:
    frames = _frames(tmp_path, [pose(x=0.08 * i) for i in range(6)])
    found = find_triplets(frames, _all(frames), TripletConfig())
    assert found.samples == tuple(Triplet(i, (i - 1, i + 1)) for i in range(1, 5))
    assert {k: v for k, v in found.counts['bag'].items() if v} == {'used': 4, 'end': 2}
    assert found.lines() == ['bag: 4 of 6 frames are targets; left out: 2 end']


def test_two_frames_on_each_side_are_steps_of_their_own(tmp_path) -> None:
    frames = _frames(tmp_path, [pose(x=0.08 * i) for i in range(6)])
    found = find_triplets(frames, _all(frames), TripletConfig(span=2))
    # At the ends the nearer frame stands for both, and the motion to it is one step.
    assert found.samples == (
        Triplet(1, (0, 0, 2, 3), (0, 0, 0, 3)), Triplet(2, (0, 1, 3, 4), (2, 0, 0, 3)),
        Triplet(3, (1, 2, 4, 5), (2, 0, 0, 3)), Triplet(4, (2, 3, 5, 5), (2, 0, 0, 0)))
    assert found.lines() == ['bag: 4 of 6 frames are targets; left out: 2 end']


def test_a_second_frame_must_still_show_what_the_target_does(tmp_path) -> None:
    frames = _frames(tmp_path, [pose(x=0.08 * i) for i in range(5)])
    motion = measure_motion(*(motion_frame(frames[i].rgb, frames[i].K) for i in (0, 1)))
    found = find_triplets(frames, _all(frames),
                          TripletConfig(span=2, max_flow=1.5 * motion.flow))
    assert Triplet(2, (1, 1, 3, 3), (0, 0, 0, 0)) in found.samples


def test_one_side_with_two_frames(tmp_path) -> None:
    frames = _frames(tmp_path, [pose(x=0.08 * i) for i in range(3)])
    found = find_triplets(frames, _all(frames), TripletConfig(span=2, both_sides=False))
    assert found.samples == (
        Triplet(0, (2, 1, 1, 2), (2, 0, 0, 3)), Triplet(1, (0, 0, 2, 2), (0, 0, 0, 0)),
        Triplet(2, (0, 1, 1, 0), (2, 0, 0, 3)))


def test_a_slow_camera_gets_sources_farther_away(tmp_path) -> None:
    frames = _frames(tmp_path, [pose(x=0.025 * i) for i in range(9)])
    found = find_triplets(frames, _all(frames), TripletConfig())
    assert Triplet(4, (2, 6)) in found.samples or Triplet(4, (1, 7)) in found.samples
    quick = find_triplets(frames, _all(frames), TripletConfig(max_interval=0.11))
    assert not quick.samples
    # Only the two ends lack a neighbour; the first side that fails gives the reason.
    assert quick.counts['bag']['end'] == 1


@pytest.mark.parametrize(('reason', 'moves', 'config'), [
    ('static', {'x': 0.0}, {}), ('low_parallax', {'yaw': 0.03}, {}),
    ('too_fast', {'x': 0.2}, {'max_flow': 0.02}),
    ('gap', {'x': 0.08}, {'min_interval': 0.01, 'max_interval': 0.05})])
def test_a_frame_is_left_out_for_one_reason(tmp_path, reason, moves, config) -> None:
    poses = [pose(**{key: value * i for key, value in moves.items()}) for i in range(6)]
    frames = _frames(tmp_path, poses)
    found = find_triplets(frames, _all(frames), TripletConfig(**config))
    assert not found.samples
    counts = found.counts['bag']
    assert counts[reason] + counts['end'] == 6
    assert counts[reason] >= 4
    assert f'{counts[reason]} {reason}' in found.lines()[0]


def test_frames_without_texture_are_unclear(tmp_path) -> None:
    frames = FakeFrames([np.full((96, 160, 3), 50, np.uint8)] * 5, tmp_path, K)
    assert find_triplets(frames, _all(frames), TripletConfig()).counts['bag']['unclear'] == 4


def test_one_side_is_enough_if_asked(tmp_path) -> None:
    frames = _frames(tmp_path, [pose(x=0.08 * i) for i in range(3)])
    found = find_triplets(frames, _all(frames), TripletConfig(both_sides=False))
    assert found.samples == (Triplet(0, (1, 1)), Triplet(1, (0, 2)), Triplet(2, (1, 1)))


def test_sources_come_from_the_same_part_of_the_same_bag(tmp_path) -> None:
    pictures = [(picture(pose(x=0.08 * i))[:60, :120], np.ones((60, 120))) for i in range(10)]
    bags = [write_walk(tmp_path / name, frames=10, pictures=pictures) for name in ('a', 'b')]
    frames = BagFrames(bags, DataConfig(holdout=0.4), (128, 64), need='nothing')
    for parts in (frames.train_of, frames.heldout):
        found = find_triplets(frames, parts, TripletConfig())
        assert len(found.samples) == sum(len(part) - 2 for part in parts.values())
        for sample in found.samples:
            together = {sample.target, *sample.sources}
            assert any(together <= set(part) for part in parts.values())


def test_a_second_start_measures_nothing_again(tmp_path, monkeypatch) -> None:
    frames = _frames(tmp_path, [pose(x=0.08 * i) for i in range(5)])
    first = find_triplets(frames, _all(frames), TripletConfig())

    def fail(*_: object) -> None:
        raise AssertionError('measured again')

    monkeypatch.setattr('sa4depth_train.bag_motion.measure_motion', fail)
    assert find_triplets(frames, _all(frames), TripletConfig()) == first
    (tmp_path / 'motion-1.json').write_text('{"broken')
    with pytest.raises(AssertionError, match='measured again'):
        find_triplets(frames, _all(frames), TripletConfig())

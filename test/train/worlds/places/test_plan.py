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

"""Floor plans: walls face inwards, things do not overlap, and one can still walk."""

import numpy as np
import pytest
from sa4depth_train.worlds.places.openings import leaf_footprint
from sa4depth_train.worlds.places.plan import FloorPlan, footprint, Opening, Rect, WallLine

NOTCHES = (None, (0.0, 1.5, 0.0, 1.2), (0.0, 1.5, 2.8, 4.0), (3.5, 5.0, 2.8, 4.0),
           (3.5, 5.0, 0.0, 1.2))


def inside(plan: FloorPlan, point: tuple[float, float]) -> bool:
    x, y = point
    notch = plan.notch
    return 0 < x < plan.size[0] and 0 < y < plan.size[1] and not (
        notch is not None and notch[0] < x < notch[1] and notch[2] < y < notch[3])


@pytest.mark.parametrize('notch', NOTCHES)
def test_walls_close_the_floor_and_face_inwards(notch: Rect | None) -> None:
    """Each wall begins where the last one ends; before it is floor, behind it is none."""
    plan = FloorPlan((5.0, 4.0), 2.5, notch)
    assert len(plan.walls) == (4 if notch is None else 6)
    for line, following in zip(plan.walls, plan.walls[1:] + plan.walls[:1]):
        assert np.allclose(line.point(line.length), following.start)
        assert inside(plan, line.point(line.length / 2, 0.1))
        assert not inside(plan, line.point(line.length / 2, -0.1))


@pytest.mark.parametrize('notch', NOTCHES)
def test_regions_cover_the_floor_and_nothing_else(notch: Rect | None) -> None:
    """A point is in a region when it is on the floor."""
    plan = FloorPlan((5.0, 4.0), 2.5, notch)
    rng = np.random.default_rng(0)
    for x, y in rng.uniform((0, 0), (5, 4), (200, 2)):
        covered = any(x0 <= x <= x1 and y0 <= y <= y1 for x0, x1, y0, y1 in plan.regions())
        assert covered == inside(plan, (x, y))


def test_piece_at_a_wall_turns_its_back_to_it() -> None:
    """A piece faces -y: turned by the wall's yaw it faces the room."""
    for line in FloorPlan((5.0, 4.0), 2.5).walls:
        facing = np.sin(line.yaw), -np.cos(line.yaw)
        assert np.allclose(facing, line.inward)


def test_full_floor_never_overlaps_and_stays_walkable() -> None:
    """However many pieces are asked for, a third of what could be walked on is left."""
    rng = np.random.default_rng(1)
    plan = FloorPlan((5.0, 4.0), 2.5, free_share=0.33)
    empty = plan.walkable()
    found = [plan.along_wall(rng, 0.8, 0.5, 1.0) for _ in range(20)]
    found += [plan.somewhere(rng, 0.6, 0.6) for _ in range(20)]
    assert sum(spot is not None for spot in found) == len(plan.taken) >= 8
    assert plan.walkable() >= 0.3 * empty
    for i, a in enumerate(plan.taken):
        for b in plan.taken[:i]:
            assert min(a[1], b[1]) - max(a[0], b[0]) < 1e-3 or \
                min(a[3], b[3]) - max(a[2], b[2]) < 1e-3


def test_tall_things_stay_clear_of_windows_and_low_ones_need_not() -> None:
    """A wall that is all window takes a bench, but no wardrobe."""
    plan = FloorPlan((5.0, 4.0), 2.5)
    plan.openings += [Opening(n, 0.1, line.length - 0.1, 0.9, 2.2, 'window')
                      for n, line in enumerate(plan.walls)]
    rng = np.random.default_rng(2)
    assert plan.along_wall(rng, 1.0, 0.6, 2.0) is None
    assert plan.along_wall(rng, 1.0, 0.4, 0.5) is not None


def test_footprint_of_a_turned_rectangle() -> None:
    """A quarter turn swaps width and depth."""
    assert np.allclose(footprint((1, 2), 0.8, 0.4, np.pi / 2), (0.8, 1.2, 1.6, 2.4))


@pytest.mark.parametrize('hinge', [-1, 1])
def test_leaf_footprint_reaches_into_the_room(hinge: int) -> None:
    """A door that is open by a right angle takes up its width before the hinge."""
    line = WallLine((0.0, 4.0), (1.0, 0.0), 5.0)
    opening = Opening(0, 1.0, 2.0, 0.0, 2.0, 'open', np.pi / 2, hinge)
    x0, x1, y0, y1 = leaf_footprint(opening, line)
    edge = 1.0 if hinge < 0 else 2.0
    assert np.allclose((x0, x1, y0, y1), (edge - 0.03, edge + 0.03, 2.97, 4.03))

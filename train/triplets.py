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

"""Which frames are trained on together: a target with an earlier and a later source."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.data_config import TripletConfig
from sa4depth_train.motion_filter import measure_motion, Motion, motion_frame
from tqdm import tqdm

# In the order of the log.
REASONS = ('static', 'low_parallax', 'too_fast', 'unclear', 'gap', 'end')


@dataclass(frozen=True)
class Triplet:
    """Indices into BagFrames: a target and its sources in order of time."""

    target: int
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Triplets:
    """
    The triplets of several bags, and per bag how many frames were left out and why.

    Reasons: ``static`` (the picture hardly moves), ``low_parallax`` (the camera only turns),
    ``too_fast`` (the picture moves too far to be matched), ``unclear`` (blur, no texture),
    ``gap`` (no other frame near enough in time), ``end`` (nothing comes before or after).
    """

    samples: tuple[Triplet, ...]
    counts: Mapping[str, Mapping[str, int]]

    def lines(self) -> list[str]:
        """Sum up each bag in one line for people."""
        lines = []
        for bag, counts in self.counts.items():
            left = ', '.join(f'{counts[reason]} {reason}' for reason in REASONS if counts[reason])
            frames = sum(counts.values())
            lines.append(f'{bag}: {counts["used"]} of {frames} frames are targets'
                         + (f'; left out: {left}' if left else ''))
        return lines


def find_triplets(
    frames: BagFrames, indices: Mapping[str, Sequence[int]], config: TripletConfig,
) -> Triplets:
    """
    Find the triplets within each part of a bag, ``indices`` in order of time by bag.

    A source is the nearest frame in time, at most ``config.max_interval`` away, that moves
    enough; none is taken from outside the part.
    """
    samples: list[Triplet] = []
    counts: dict[str, dict[str, int]] = {}
    for bag, part in indices.items():
        small = lru_cache(maxsize=64)(lambda i: motion_frame(frames[i].rgb, frames[i].K))
        motion = lru_cache(maxsize=None)(
            lambda i, j, small=small: measure_motion(small(i), small(j)))
        times = {index: frames.stamp(index) for index in part}
        counts[bag] = dict.fromkeys(('used', *REASONS), 0)
        for place, target in enumerate(tqdm(part, desc=f'{bag}: motion', disable=None)):
            later = _source(target, part[place + 1:place + 200], times, motion, config)
            earlier = _source(target, part[max(0, place - 200):place][::-1], times, motion, config)
            found = [s for s in (earlier, later) if isinstance(s, int)]
            if len(found) == 2 or (found and not config.both_sides):
                samples.append(Triplet(target, (found[0], found[-1])))
                counts[bag]['used'] += 1
            else:
                counts[bag][next(s for s in (earlier, later) if isinstance(s, str))] += 1
    return Triplets(tuple(samples), counts)


def _source(
    target: int, others: Iterable[int], times: Mapping[int, float],
    motion: Callable[[int, int], Motion], config: TripletConfig,
) -> int | str:
    """Give the first of ``others`` that fits, or the reason why none does."""
    reason = 'end'
    for other in others:
        interval = abs(times[other] - times[target])
        if interval > config.max_interval:
            return 'gap' if reason == 'end' else reason
        if interval < config.min_interval:
            continue
        moved = motion(min(target, other), max(target, other))
        if not moved.flow >= 0:
            return 'unclear' if reason == 'end' else reason
        if moved.flow > config.max_flow:
            return 'too_fast' if reason == 'end' else reason
        if moved.flow < config.min_flow:
            reason = 'static'
        elif moved.parallax < config.min_parallax:
            reason = 'low_parallax'
        else:
            return other
    return reason

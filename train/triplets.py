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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
import math
from typing import NamedTuple

from sa4depth_train.bag_dataset import BagFrames
from sa4depth_train.bag_motion import BagMotion
from sa4depth_train.data_config import TripletConfig
from sa4depth_train.motion_filter import Motion
from tqdm import tqdm

# In the order of the log.
REASONS = ('static', 'low_parallax', 'too_fast', 'unclear', 'gap', 'end')
# Frames farther away are not better than one with these.
_FINAL = ('too_fast', 'unclear')
_STRIDE = 1.5


@dataclass(frozen=True)
class Triplet:
    """
    Indices into BagFrames: a target and its sources in order of time.

    ``origins`` say for each source where the motion to it starts, 0 for the target and k for the
    k-th source, itself one step from the target; empty: all at the target.
    """

    target: int
    sources: tuple[int, ...]
    origins: tuple[int, ...] = ()


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

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Give each target with each of its sources."""
        return ((sample.target, source) for sample in self.samples for source in sample.sources)

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

    A source is the nearest frame in time that moves enough, at most ``config.max_interval``
    away; none is taken from outside the part. With ``config.span`` 2 such a source of the source
    follows on each side, if it still shows what the target does; else the first stands for both.
    """
    samples: list[Triplet] = []
    counts: dict[str, dict[str, int]] = {}
    for bag, part in indices.items():
        counts[bag] = dict.fromkeys(('used', *REASONS), 0)
        found = _in_part(frames, part, config, bag) if part else ()
        for result in found:
            if isinstance(result, Triplet):
                samples.append(result)
            counts[bag]['used' if isinstance(result, Triplet) else result] += 1
    return Triplets(tuple(samples), counts)


def _in_part(
    frames: BagFrames, part: Sequence[int], config: TripletConfig, bag: str,
) -> Iterator[Triplet | str]:
    motion = BagMotion(frames, part[0])
    times = [frames.stamp(index) for index in part]
    search = _Search(part, times, motion, config)
    for place, target in enumerate(tqdm(part, desc=f'{bag} motion', disable=None)):
        sides = [search.source(place, step) for step in (-1, 1)]
        sources = [side for side in sides if isinstance(side, int)]
        if len(sources) == 2 or (sources and not config.both_sides):
            # A lone source counts twice: all samples of a batch have one shape.
            near = sources[0], sources[-1]
            if config.span == 1:
                yield Triplet(target, (part[near[0]], part[near[1]]))
            else:
                yield _spanning(search, place, near)
        else:
            yield next(side for side in sides if isinstance(side, str))
    motion.save()


def _spanning(search: '_Search', place: int, near: tuple[int, int]) -> Triplet:
    """Make a triplet of a target with its sources ``near`` and those beyond them."""
    far = [search.beyond(place, source) for source in near]
    order = (far[0], *near, far[1])
    # Motion goes in steps, through the nearer source; a source that stands for both is one step.
    origins = (2 * (far[0] != near[0]), 0, 0, 3 * (far[1] != near[1]))
    return Triplet(search.part[place], tuple(search.part[source] for source in order), origins)


class _Search(NamedTuple):
    """Looks for sources among the frames ``part`` of one bag."""

    part: Sequence[int]
    times: Sequence[float]
    motion: Callable[[int, int], Motion]
    config: TripletConfig

    def source(self, target: int, step: int) -> int | str:
        """Give the place of the nearest source before (-1) or after (1), or why there is none."""
        reason, least = 'end', self.config.min_interval
        other = target + step
        while 0 <= other < len(self.part):
            interval = abs(self.times[other] - self.times[target])
            if interval > self.config.max_interval:
                return 'gap' if reason == 'end' else reason
            if interval >= least:
                verdict = _verdict(self.motion(self.part[target], self.part[other]), self.config)
                if not verdict:
                    return other
                if verdict in _FINAL:
                    return verdict if reason == 'end' else reason
                reason = verdict
                # Neighbours of a frame that moved too little are no better: go on in strides.
                least = interval * _STRIDE
            other += step
        return reason

    def beyond(self, target: int, source: int) -> int:
        """Give the source of a source, on the same side, or the source itself if none fits."""
        far = self.source(source, 1 if source > target else -1)
        if isinstance(far, str):
            return source
        motion = self.motion(self.part[target], self.part[far])
        return source if _verdict(motion, self.config) in _FINAL else far


def _verdict(motion: Motion, config: TripletConfig) -> str:
    """Give the reason against a source, '' for none."""
    if math.isnan(motion.flow):
        return 'unclear'
    if motion.flow > config.max_flow:
        return 'too_fast'
    if motion.flow < config.min_flow:
        return 'static'
    least = max(config.min_parallax, config.min_clearness * motion.noise)
    return 'low_parallax' if motion.parallax < least else ''

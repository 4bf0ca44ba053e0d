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

"""How many images go into one inference."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import DeviceError, ModelError
from sa4depth_ros.runtime.engines import Engine

_REPEATS = 3


def best_batch(
    engine: Engine, tensor: NDArray[Any], output_name: str, most: int,
    report: Callable[[str], object], clock: Callable[[], float] = perf_counter,
) -> int:
    """
    Run every size of batch up to ``most`` and give 1 or ``most``, whichever is sooner done.

    One after the other the images of ``most`` cameras are done after half of the time on
    average, together all at the end. So a batch pays where it takes clearly less than the sum,
    as on a GPU with room, and not on a CPU. ``tensor`` (1, ...) is some input. Raises ModelError
    when the engine does not run at all.
    """
    # The first run of a size allocates and tunes.
    engine.infer(tensor, output_name)
    most = min(most, engine.max_batch)
    if most <= 1:
        return 1
    try:
        for count in range(2, most + 1):
            engine.infer(np.repeat(tensor, count, axis=0), output_name)
    except DeviceError:
        raise
    except ModelError as error:
        report(f'the model says that it takes several images at once, but fails on {count}, so '
               f'each goes alone: {error}')
        return 1
    return _faster(engine, tensor, output_name, most, report, clock)


def pays(alone: float, together: float, count: int) -> bool:
    """Tell whether ``count`` images are sooner done together than one by one, on average."""
    return together < alone * (count + 1) / 2


def _faster(
    engine: Engine, tensor: NDArray[Any], output_name: str, most: int,
    report: Callable[[str], object], clock: Callable[[], float],
) -> int:
    images = np.repeat(tensor, most, axis=0)
    # In turn, and the shortest counts: something else may be busy now and then.
    rounds = [[_seconds(engine, x, output_name, clock) for x in (tensor, images)]
              for _ in range(_REPEATS)]
    alone, together = (min(seconds) for seconds in zip(*rounds))
    good = pays(alone, together, most)
    report(f'{most} images take {1e3 * together:.3g} ms in one inference and {1e3 * alone:.3g} ms '
           f'each alone, so they go {"together" if good else "one after the other"}')
    return most if good else 1


def _seconds(
    engine: Engine, tensor: NDArray[Any], output_name: str, clock: Callable[[], float],
) -> float:
    start = clock()
    engine.infer(tensor, output_name)
    return clock() - start

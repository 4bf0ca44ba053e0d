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

"""Shows how far TensorRT is with a build, and ends it when asked."""

from dataclasses import dataclass
from typing import Any, TYPE_CHECKING

from sa4depth_ros.runtime.engines.options import BuildStep, Progress

if TYPE_CHECKING:
    import tensorrt as trt


@dataclass
class _Phase:
    parent: str
    steps: int
    done: int = 0


class BuildProgress:
    """
    Turns TensorRT's nested phases into BuildSteps for ``progress``.

    A phase counts within the current step of its parent. ``fraction`` never falls, though
    phases of unknown number follow one another. Once ``progress`` has returned False or raised,
    ``cancelled`` holds; ``error`` is what it raised, as nothing may be raised through TensorRT.
    """

    def __init__(self, progress: Progress | None) -> None:
        self.cancelled = False
        self.error: BaseException | None = None
        self._progress = progress
        self._phases: dict[str, _Phase] = {}
        self._fraction = 0.0

    def phase_start(self, name: str, parent: str | None, steps: int) -> None:
        """Enter a phase of ``steps`` within ``parent``, None for the whole build."""
        self._phases[name] = _Phase(parent or '', steps)
        self._tell(name)

    def step_complete(self, name: str, step: int) -> bool:
        """Count ``step`` (from 0) of a phase as done; False ends the build."""
        if name in self._phases:
            self._phases[name].done = step + 1
            self._tell(name)
        return not self.cancelled

    def phase_finish(self, name: str) -> None:
        """Leave a phase; TensorRT may do so before its last step, and when it gives up."""
        phase = self._phases.get(name)
        if phase is not None and not phase.parent and not self.cancelled:
            phase.done = phase.steps
            self._tell(name)
        self._phases.pop(name, None)

    def _tell(self, name: str) -> None:
        phase = self._phases[name]
        roots = [self._part(n) for n, p in self._phases.items() if p.parent not in self._phases]
        self._fraction = max(self._fraction, *roots)
        step = BuildStep(name, phase.done, phase.steps, self._fraction)
        try:
            if self._progress is not None and not self.cancelled and not self._progress(step):
                self.cancelled = True
        except BaseException as error:  # noqa: BLE001 (raised again after TensorRT has returned)
            self.error = error
            self.cancelled = True

    def _part(self, name: str) -> float:
        phase = self._phases[name]
        within = max((self._part(n) for n, p in self._phases.items() if p.parent == name),
                     default=0.0)
        return min(1.0, (phase.done + within) / max(1, phase.steps))


def monitor(module: Any, progress: BuildProgress) -> 'trt.IProgressMonitor':
    """Give ``progress`` the shape that TensorRT's ``module`` asks for."""
    class Monitor(module.IProgressMonitor):

        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            progress.phase_start(name, parent, steps)

        def step_complete(self, name: str, step: int) -> bool:
            return progress.step_complete(name, step)

        def phase_finish(self, name: str) -> None:
            progress.phase_finish(name)

    return Monitor()

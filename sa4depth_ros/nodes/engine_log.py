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

"""What the log is told of the engine: how far it is built, and why it is not a better one."""

from collections.abc import Callable
from pathlib import Path
import time
from typing import Any

from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.runtime.engines import BuildStep, Engine, EngineOptions, Remark

_PERIOD = 10.0
_SHORTEST = 2.0


class EngineLog:
    """Turns parameters into EngineOptions that report to a logger, each thing once."""

    def __init__(
        self, logger: Any, running: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """End a build when ``running`` says no, as on Ctrl-C."""
        self._logger = logger
        self._running = running
        self._clock = clock
        self._last = float('-inf')
        self._phase = ''
        self._known: set[Remark] = set()

    def options(self, given: DepthParameters) -> EngineOptions:
        """Give what the parameters ask of an engine; a batch has one image of each camera."""
        return EngineOptions(
            threads=given.threads, batch=len(given.cameras),
            cache=Path(given.engine_cache).expanduser() if given.engine_cache else None,
            workspace_mb=given.engine_workspace_mb, cuda_graph=given.cuda_graph,
            report=self._logger.info, progress=self.progress)

    def note(self, engine: Engine) -> None:
        """Log the remarks of ``engine`` that are new; what failed has reported its reason."""
        new = [remark for remark in engine.remarks if remark not in self._known]
        self._known.update(new)
        for remark in new:
            if not remark.is_fault:
                self._logger.debug(f'not used: {remark.text}')
        if any(remark.is_fault for remark in new):
            self._logger.warning(
                f'a better backend has failed, so the model runs on {engine.name}')

    def progress(self, step: BuildStep) -> bool:
        """Log a step of a build now and then; False when the build is to end."""
        now = self._clock()
        due = _SHORTEST if step.phase != self._phase else _PERIOD
        if now - self._last >= due:
            self._last, self._phase = now, step.phase
            share = '' if step.fraction is None else f', {step.fraction:.0%} of all'
            self._logger.info(
                f'building the engine: {step.phase}, {step.step} of {step.steps}{share}')
        return self._running()

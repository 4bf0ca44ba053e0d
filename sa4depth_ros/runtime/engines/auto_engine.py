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

"""The best backend that works, and the next one when it stops working."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BackendMissingError, DeviceError, ModelError
from sa4depth_ros.runtime.engines.base import Engine, Remark

Candidate = tuple[str, Callable[[], Engine]]


class AutoEngine:
    """
    An Engine in front of the first of several that starts.

    When the device of that one fails, the frame at hand and all later ones go to the next that
    starts; ``remarks`` tell which were passed over or lost, and why.
    """

    def __init__(
        self, candidates: Sequence[Candidate], report: Callable[[str], object],
    ) -> None:
        """
        Open the first of ``candidates`` (backend and opener, best first) that starts.

        ``report`` takes a line for each one that fails. ModelError when none starts.
        """
        self._candidates: Iterator[Candidate] = iter(candidates)
        self._report = report
        self._notes: tuple[Remark, ...] = ()
        self._engine = self._next()

    @property
    def name(self) -> str:
        """Name the backend and device that run."""
        return self._engine.name

    @property
    def metadata(self) -> Mapping[str, str]:
        """Tell what the model file says of itself."""
        return self._engine.metadata

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Tell the shape of the input, -1 where it is free."""
        return self._engine.input_shape

    @property
    def input_dtype(self) -> 'np.dtype[Any]':
        """Tell the type of the input."""
        return self._engine.input_dtype

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Tell which backends were passed over or lost, and what the one that runs remarks."""
        return (*self._notes, *self._engine.remarks)

    @property
    def max_batch(self) -> int:
        """Tell how many images one inference takes."""
        return self._engine.max_batch

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """Run the model on ``tensor`` (n, ...); see Engine."""
        while True:
            try:
                return self._in_chunks(tensor, output_name)
            except DeviceError as error:
                self._note(self._engine.name, error)
                lost = self._engine
                self._engine = self._next()
                lost.close()

    def close(self) -> None:
        """Free the engine that runs."""
        self._engine.close()

    def _in_chunks(self, tensor: NDArray[Any], output_name: str) -> NDArray[np.float32]:
        # The caller has cut the batch for the engine before the last one failed.
        most = self._engine.max_batch
        if len(tensor) <= most:
            return self._engine.infer(tensor, output_name)
        return np.concatenate([self._engine.infer(tensor[i:i + most], output_name)
                               for i in range(0, len(tensor), most)])

    def _next(self) -> Engine:
        last: ModelError | None = None
        for backend, opened in self._candidates:
            try:
                engine = opened()
            except ModelError as error:
                self._note(backend, error)
                # Without its frames, which would hold it and themselves, and what lies in them.
                last = error.with_traceback(None)
                continue
            if any(remark.is_fault for remark in self._notes):
                self._report(f'the model runs on {engine.name}')
            return engine
        raise last or DeviceError('no backend is left to run the model; see the log above')

    def _note(self, backend: str, error: ModelError) -> None:
        is_fault = not isinstance(error, BackendMissingError)
        remark = Remark(f'{backend}: {error}', is_fault)
        if remark in self._notes:
            return
        self._notes = (*self._notes, remark)
        if is_fault:
            self._report(f'{backend} does not run the model: {error}')

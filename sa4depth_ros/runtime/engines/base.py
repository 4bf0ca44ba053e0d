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

"""What every inference backend offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ModelError


@dataclass(frozen=True)
class Remark:
    """Why a better backend does not run; ``is_fault``: because it failed, not for want of it."""

    text: str
    is_fault: bool


class Engine(Protocol):
    """One loaded model that maps images to one depth-like map each."""

    @property
    def name(self) -> str:
        """Name the backend and device, for people."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """Give what the model file says of itself."""
        ...

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Give the shape of the input, -1 where it is free; the first axis is the batch."""
        ...

    @property
    def input_dtype(self) -> 'np.dtype[Any]':
        """Give the type of the input."""
        ...

    @property
    def max_batch(self) -> int:
        """Tell how many images at most go into one inference."""
        ...

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Say why it is not a better backend."""
        ...

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """
        Run the model on ``tensor`` (n, ...) and give its maps (n, h, w).

        ``output_name`` picks an output, the first one when empty. Raises ModelError, and
        DeviceError (one of those) when the device itself fails.
        """
        ...

    def close(self) -> None:
        """Free the model and its device memory."""
        ...


def as_maps(output: Any, count: int, name: str) -> NDArray[np.float32]:
    """Bring the output of ``count`` images to (count, h, w) float32, dropping axes of length 1."""
    array = np.asarray(output, dtype=np.float32)
    if array.ndim < 2 or array.size != count * array.shape[-1] * array.shape[-2]:
        raise ModelError(
            f'expected one map (..., height, width) for each of {count} images from output '
            f"'{name or 'first'}', got shape {array.shape}; name the depth output in the card")
    return array.reshape(count, *array.shape[-2:])

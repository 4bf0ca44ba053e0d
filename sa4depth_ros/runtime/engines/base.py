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
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Engine(Protocol):
    """
    One loaded model that maps one image tensor to one depth-like map.

    ``name`` tells people the backend and device, ``metadata`` is what the model file says of
    itself, ``input_shape`` has -1 where the size is free.
    """

    name: str
    metadata: Mapping[str, str]
    input_shape: tuple[int, ...]
    input_dtype: 'np.dtype[Any]'

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """
        Run the model on ``tensor`` of ``input_shape`` and give its map (h, w).

        ``output_name`` picks an output, the first one when empty. Raises ModelError.
        """
        ...

    def close(self) -> None:
        """Free the model and its device memory."""
        ...


def as_map(output: Any, name: str) -> NDArray[np.float32]:
    """Drop the leading axes of length 1 of a network output, leaving (h, w) float32."""
    from sa4depth_ros.errors import ModelError
    array = np.asarray(output, dtype=np.float32)
    if array.ndim < 2 or array.size != array.shape[-1] * array.shape[-2]:
        raise ModelError(f"expected one map (..., height, width) from output '{name or 'first'}', "
                         f'got shape {array.shape}; name the depth output in the card')
    return array.reshape(array.shape[-2:])

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

"""PyTorch: runs a training checkpoint as it is, for development."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import DeviceError, ModelError
from sa4depth_ros.networks.factory import load_checkpoint
from sa4depth_ros.runtime.engines.base import as_maps, Remark
import torch


class TorchEngine:
    """A depth network in PyTorch, on CUDA when there is one."""

    def __init__(self, model: Path, *, threads: int = 0, batch: int = 1) -> None:
        """Load the ``.safetensors`` checkpoint ``model``; ``threads`` is process-wide."""
        if model.suffix != '.safetensors':
            raise ModelError(f"backend torch runs a .safetensors checkpoint, not '{model}'")
        if threads:
            torch.set_num_threads(threads)
        self._device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
        network, card = load_checkpoint(model)
        self._network = network.to(self._device).eval()
        self.metadata: Mapping[str, str] = card.to_metadata()
        self.input_shape: tuple[int, ...] = (-1, card.input_height, card.input_width, 3)
        self.input_dtype: np.dtype[Any] = np.dtype(np.uint8)
        self.max_batch = batch
        self.remarks: tuple[Remark, ...] = ()
        self.name = f'torch {self._device.type}'

    def infer(self, tensor: NDArray[Any], output_name: str = '') -> NDArray[np.float32]:
        """Run the network on ``tensor`` (n, H, W, 3) uint8 and give its depth (n, H, W)."""
        if output_name not in ('', 'depth'):
            raise ModelError(f"the network has one output, 'depth', not '{output_name}'")
        try:
            with torch.inference_mode():
                output = self._network(torch.from_numpy(tensor).to(self._device))
                return as_maps(output.cpu().numpy(), len(tensor), output_name)
        except RuntimeError as error:
            kind = DeviceError if self._device.type == 'cuda' else ModelError
            raise kind(f'{self.name} failed on one frame: {error}') from error

    def close(self) -> None:
        """Free the network."""
        del self._network

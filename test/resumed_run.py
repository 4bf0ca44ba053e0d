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

"""A stopped training run, resumed: it must end as one that never stopped."""

from pathlib import Path

from sa4depth_train.run_folder import open_run
from sa4depth_train.trainer import Trainer
from safetensors.torch import load_file
import torch


def assert_resumes_to_the_same(stopped: Path, whole: Path, expected: Trainer) -> None:
    """Resume the run in ``stopped``: history and weights are those of ``whole`` to the bit."""
    resumed = Trainer(open_run(stopped), resume=True)
    assert resumed.run()
    assert resumed.history == expected.history
    weights, others = (load_file(path / 'last.safetensors') for path in (stopped, whole))
    assert weights.keys() == others.keys()
    assert all(torch.equal(weights[name], others[name]) for name in others)

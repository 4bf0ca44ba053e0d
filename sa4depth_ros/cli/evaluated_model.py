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

"""The model that `sa4depth evaluate` measures, opened as its options say."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator


def open_estimator(args: argparse.Namespace) -> 'DepthEstimator':
    """Open ``args.model``, a checkpoint with torch, else with ``args.backend``."""
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    from sa4depth_ros.runtime.engines import EngineOptions
    backend = 'torch' if args.model.suffix == '.safetensors' else args.backend
    options = EngineOptions(threads=args.threads, faithful=True)
    return DepthEstimator(args.model, backend=backend, options=options)

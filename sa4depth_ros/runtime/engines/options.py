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

"""How an engine is to be opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class BuildStep:
    """
    How far the build of an engine is.

    ``step`` of ``steps`` in ``phase``; ``fraction`` in [0, 1] of the whole build, None when the
    builder does not tell.
    """

    phase: str
    step: int
    steps: int
    fraction: float | None = None


@dataclass(frozen=True, eq=False)
class Probe:
    """
    What a new engine has to show that it can do.

    ``tensor`` (1, ...) is a network input made from the stored probe image, ``output_name`` the
    output to compare (empty: the first) and ``precision`` that of the graph (ModelCard).
    """

    tensor: NDArray[Any]
    output_name: str
    precision: str


ProbeMaker = Callable[[Mapping[str, str]], Probe]
Progress = Callable[[BuildStep], bool]
Report = Callable[[str], object]


def silent(_line: str) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class EngineOptions:
    """
    What the user wants of an engine; every backend takes what it knows.

    ``threads``: CPU threads of one inference, 0 for the backend's choice. ``batch``: most images
    in one inference. ``cache``: folder for TensorRT engines, None for the user's cache folder.
    ``workspace_mb``: most scratch memory of a TensorRT build and engine in MiB, 0 for
    TensorRT's own limit. ``cuda_graph``: replay a captured CUDA graph. ``report`` takes lines
    for a log. ``progress`` is told every step of a build and ends it by returning False.
    ``probe`` makes the input of the self-check from the metadata of the model; without it no
    TensorRT engine is trusted. ``faithful``: round as a quantised graph says, even where the
    backend is faster without; for references and measurements.
    """

    threads: int = 0
    batch: int = 1
    cache: Path | None = None
    workspace_mb: int = 0
    cuda_graph: bool = False
    report: Report = silent
    progress: Progress | None = None
    probe: ProbeMaker | None = None
    faithful: bool = False

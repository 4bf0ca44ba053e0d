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

"""The processes of one training run: who they are, and how they agree."""

from collections.abc import Callable
from datetime import timedelta
import os
from typing import TypeVar

from accelerate import PartialState
from accelerate.utils import broadcast_object_list, parse_flag_from_env
from sa4depth_ros.errors import ConfigError, Sa4DepthError
import torch

T = TypeVar('T')
# The others wait while the main process measures; the usual 10 minutes may be too short.
_PATIENCE = timedelta(hours=3)
_LAUNCHED = ('LOCAL_RANK', 'PMI_SIZE', 'OMPI_COMM_WORLD_SIZE', 'MV2_COMM_WORLD_SIZE')


def use_cpu() -> bool:
    """Tell whether to train on the CPU: because it was asked for, or for want of a GPU."""
    return parse_flag_from_env('ACCELERATE_USE_CPU') or not torch.accelerator.is_available()


def processes() -> PartialState:
    """
    Join the other processes of this run, if there are any; again and again is the same.

    Raises ConfigError when `accelerate launch` was asked for many and started one.
    """
    first = not PartialState._shared_state  # noqa: SLF001
    state = PartialState(cpu=use_cpu(), **({'timeout': _PATIENCE} if _launched() else {}))
    if first and state.num_processes == 1:
        _check_alone()
    return state


def agree(make: Callable[[], T]) -> T:
    """
    Call ``make`` in the main process alone and give its result to all.

    What it returns is sent to the others; a Sa4DepthError is raised in every process.
    """
    state = processes()
    if state.num_processes == 1:
        return make()
    answer: list[T | Sa4DepthError | None] = [None]
    if state.is_main_process:
        try:
            answer = [make()]
        except Sa4DepthError as error:
            answer = [error]
    broadcast_object_list(answer)
    if isinstance(answer[0], Sa4DepthError):
        raise answer[0]
    return answer[0]  # type: ignore[return-value]


def leave() -> None:
    """Say good-bye to the other processes; the last thing a process does."""
    if PartialState._shared_state:  # noqa: SLF001
        PartialState().destroy_process_group()


def _launched() -> bool:
    return any(name in os.environ for name in _LAUNCHED) or (
        int(os.environ.get('WORLD_SIZE', '1')) > 1)


def _check_alone() -> None:
    # All that `accelerate launch --cpu --num_processes 2` does is to set these two.
    if {'ACCELERATE_USE_CPU', 'MASTER_ADDR'} <= set(os.environ) and not _launched():
        raise ConfigError(
            'expected several processes, got one: `accelerate launch --cpu` starts a single one '
            'unless MPI does it (--mpirun_hostfile). On the CPU start them with: '
            'ACCELERATE_USE_CPU=1 accelerate launch --multi_gpu --num_processes 2 ...')

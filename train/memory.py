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

"""How the C library keeps memory between training steps."""

import ctypes
import platform

# Numbers of mallopt's options in glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
_LARGEST = 2 ** 31 - 1


def keep_freed_memory() -> bool:
    """
    Let glibc keep what is freed, instead of asking the system for it in every step; true if so.

    A step on a CPU allocates and frees the same large arrays again and again, and fresh pages
    are what some of its time goes into (benchmarks/supervised_step.py). Elsewhere than on glibc
    nothing happens.
    """
    if platform.libc_ver()[0] != 'glibc':
        return False
    library = ctypes.CDLL(None)
    return all(library.mallopt(option, value) == 1 for option, value in (
        (_MMAP_MAX, 0), (_TRIM_THRESHOLD, _LARGEST)))

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

"""Memory between training steps."""

import platform
import subprocess
import sys

import pytest

# A process of its own: the setting cannot be taken back.
PROGRAM = """
import resource, sys
from sa4depth_train.memory import keep_freed_memory

def faults(size=40_000_000):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    bytearray(size)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

fresh = [faults() for _ in range(3)][-1]
assert keep_freed_memory()
kept = [faults() for _ in range(3)][-1]
print(fresh, kept)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='mallopt is of glibc')
def test_large_arrays_get_the_same_pages_again() -> None:
    done = subprocess.run([sys.executable, '-c', PROGRAM], capture_output=True, text=True,
                          check=True)
    fresh, kept = map(int, done.stdout.split())
    # bytearray clears its memory, by pages that the system gives or by itself.
    assert fresh > 10
    assert kept < fresh / 10

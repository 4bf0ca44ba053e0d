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

"""A DDS domain of one's own, so that neighbours on this machine are not heard."""

import fcntl
import os
from pathlib import Path
import tempfile
from typing import IO

# 0 is everybody's default; beyond 101 the ports of DDS meet Linux's ephemeral ones.
DOMAINS = range(1, 102)
_held: list[IO[str]] = []


def claim_domain() -> int:
    """
    Give a ROS_DOMAIN_ID that no demo, benchmark or test run of this machine holds.

    It is held by a file lock until this process ends, and differs from the ROS_DOMAIN_ID of
    the environment. Where nothing can be locked, the process id chooses.
    """
    users = os.environ.get('ROS_DOMAIN_ID', '')
    start = os.getpid() % len(DOMAINS)
    order = [domain for domain in (*DOMAINS[start:], *DOMAINS[:start]) if str(domain) != users]
    return next((domain for domain in order if _lock(domain)), order[0])


def _lock(domain: int) -> bool:
    path = Path(tempfile.gettempdir(), f'sa4depth_ros_{os.getuid()}_domain_{domain}.lock')
    try:
        file = path.open('a', encoding='utf-8')
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return False
    _held.append(file)
    return True

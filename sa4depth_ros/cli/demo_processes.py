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

"""Child processes of the demo: started together, watched, and ended cleanly."""

from collections.abc import Mapping, Sequence
import ctypes
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import time

from sa4depth_ros.cli.dds_domain import claim_domain
from sa4depth_ros.errors import Sa4DepthError
from sa4depth_ros.resources import share_path

TAIL_LINES = 12
PR_SET_PDEATHSIG = 1
PROFILE = 'config/fastdds.xml'
SEGMENT = re.compile(r'<segment_size>\s*(\d+)\s*</segment_size>')
SHARED_MEMORY = '/dev/shm'  # noqa: S108
PROCESSES = 3
PROFILE_VARIABLES = ('FASTDDS_DEFAULT_PROFILES_FILE', 'FASTRTPS_DEFAULT_PROFILES_FILE')


class Child:
    """One Python module run as a process, with a log file of its own."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], *,
                 environment: Mapping[str, str], logs: Path, on_terminal: bool = False) -> None:
        """Start it; ``on_terminal`` leaves stderr, with its live line, on the terminal."""
        self.name = name
        self.log = logs / f'{name}.log'
        with self.log.open('wb') as file:
            # A session of its own, so that Ctrl-C reaches only the demo, which ends the rest.
            self._process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments], env=dict(environment),
                stdin=subprocess.DEVNULL, stdout=file,
                stderr=None if on_terminal else subprocess.STDOUT,
                start_new_session=True, preexec_fn=_die_with_parent)  # noqa: PLW1509

    @property
    def exit_code(self) -> int | None:
        """Give the exit code, None while it runs."""
        return self._process.poll()

    def require_alive(self) -> None:
        """Raise Sa4DepthError with the last log lines when it has ended."""
        if self.exit_code is not None:
            raise Sa4DepthError(f'the {self.name} process ended unexpectedly (exit code '
                                f'{self.exit_code}).{self.last_words()}')

    def last_words(self) -> str:
        """Quote the end of its log, and the likely cause where it is a known one."""
        lines = self.log.read_text('utf-8', 'replace').strip().splitlines()[-TAIL_LINES:]
        text = '\n'.join(lines)
        quoted = ''.join(f'\n  | {line}' for line in lines) or '\n  | (nothing)'
        return f' Its last words, of {self.log}:{quoted}{_known_cause(text)}'

    def stop(self, patience: float) -> None:
        """Interrupt it and wait; kill it when that takes longer than ``patience`` seconds."""
        if self.exit_code is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def kill(self) -> None:
        """End it at once."""
        if self.exit_code is None:
            self._process.kill()
            self._process.wait()


def demo_environment(logs: Path) -> dict[str, str]:
    """
    Give the environment of the children: this machine only, a domain apart, fast transport.

    A DDS profile that the user has set is kept; everything else that could carry the demo's
    messages to or from another program is replaced.
    """
    environment = dict(os.environ)
    for name in ('ROS_LOCALHOST_ONLY', 'ROS_STATIC_PEERS', 'ROS_DISCOVERY_SERVER',
                 'RMW_IMPLEMENTATION', 'ROS_NAMESPACE'):
        environment.pop(name, None)
    environment['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    if environment.get('ROS_DISTRO') == 'humble':
        environment['ROS_LOCALHOST_ONLY'] = '1'
    environment['ROS_DOMAIN_ID'] = str(claim_domain())
    # Else rclpy writes below the home folder, which may not be writable.
    environment['ROS_LOG_DIR'] = str(logs)
    environment['PYTHONUNBUFFERED'] = '1'
    if not any(environment.get(name) for name in PROFILE_VARIABLES):
        profile = str(_fitting_profile(share_path(PROFILE), logs))
        environment.update(dict.fromkeys(PROFILE_VARIABLES, profile))
    return environment


def _fitting_profile(shipped: Path, logs: Path) -> Path:
    # Docker gives 64 MiB of shared memory: segments that do not fit are not made at all, and
    # images over UDP get lost. Smaller ones still hold some frames.
    text = shipped.read_text('utf-8')
    wanted = max((int(size) for size in SEGMENT.findall(text)), default=0)
    try:
        free = shutil.disk_usage(SHARED_MEMORY).free
    except OSError:
        return shipped
    size = free // (PROCESSES + 2)
    if not wanted or size >= wanted:
        return shipped
    print(f'note: only {free / 2**20:.0f} MiB of shared memory are free in {SHARED_MEMORY}, so '
          'large images may get lost between the processes (docker run --shm-size=1g)')
    smaller = logs / 'fastdds.xml'
    smaller.write_text(SEGMENT.sub(f'<segment_size>{size}</segment_size>', text), 'utf-8')
    return smaller


def wait_for(child: Child, others: Sequence[Child], seconds: float) -> None:
    """Wait until ``child`` ends, the others alive; raises Sa4DepthError when one fails."""
    deadline = time.monotonic() + seconds
    while child.exit_code is None:
        for other in others:
            other.require_alive()
        if time.monotonic() > deadline:
            raise Sa4DepthError(f'the {child.name} did not end within {seconds:.0f} s.'
                                f'{child.last_words()}')
        time.sleep(0.1)


def _known_cause(text: str) -> str:
    if 'rclpy' not in text or 'Error' not in text:
        return ''
    distro = os.environ.get('ROS_DISTRO')
    if distro and ('No module named' in text or 'C extension' in text):
        version = f'{sys.version_info.major}.{sys.version_info.minor}'
        return (f"\nThe shell has ROS 2 '{distro}' sourced, whose Python modules do not fit this "
                f'Python {version} ({sys.executable}): use a fresh shell, or the Python of '
                'that ROS installation.')
    if 'No module named' in text:
        return '\nrclpy is missing: install the [demo] extra, or source a ROS 2 installation.'
    return ''


def _die_with_parent() -> None:
    # Linux only; elsewhere a killed demo may leave its children behind.
    prctl = getattr(ctypes.CDLL(None), 'prctl', None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

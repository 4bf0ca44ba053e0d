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

"""What this machine is and what runs on it; whatever cannot be found out says why."""

from collections.abc import Callable
import importlib.metadata
import os
from pathlib import Path
import platform
import re
import shutil
import subprocess
import sys
from typing import Any

from sa4depth_ros.errors import BackendMissingError
from sa4depth_ros.resources import share_path

Facts = dict[str, Any]

# Distributions whose version is looked up without importing them.
PACKAGES = (
    'cuda-bindings', 'cuda-python', 'filelock', 'numpy', 'onnxruntime', 'onnxruntime-gpu',
    'opencv-python', 'opencv-python-headless', 'rosbags', 'tensorrt', 'tensorrt-cu12',
    'tensorrt-cu13', 'tensorrt-rtx-cu12', 'tensorrt-rtx-cu13', 'torch')
# What Fast DDS needs for images; 64 MiB in many a container.
SHARED_MEMORY = Path('/dev', 'shm')
ROS_VARIABLES = (
    'ROS_DISTRO', 'RMW_IMPLEMENTATION', 'ROS_DOMAIN_ID', 'ROS_LOCALHOST_ONLY',
    'ROS_AUTOMATIC_DISCOVERY_RANGE', 'FASTRTPS_DEFAULT_PROFILES_FILE',
    'FASTDDS_DEFAULT_PROFILES_FILE', 'FASTDDS_BUILTIN_TRANSPORTS')


def attempt(work: Callable[[], Any]) -> Any:
    """Give what ``work`` gives, or ``{'error': why}``: a report is of use where things fail."""
    try:
        return work()
    except BackendMissingError as error:
        return {'missing': str(error)}
    except Exception as error:  # noqa: BLE001
        return {'error': f'{type(error).__name__}: {error}'}


def machine_facts() -> Facts:
    """Describe the computer: no name of it, no user."""
    return {
        'processor': attempt(_processor),
        'architecture': platform.machine(),
        'cores': len(os.sched_getaffinity(0)),
        'memory': attempt(_memory),
        'shared_memory_mb': attempt(lambda: shutil.disk_usage(SHARED_MEMORY).total // 2**20),
        'system': attempt(lambda: platform.freedesktop_os_release()['PRETTY_NAME']),
        'kernel': platform.release(),
        'container': Path('/.dockerenv').exists() or Path('/run/.containerenv').exists(),
        'jetson': attempt(_jetson),
    }


def software_facts() -> Facts:
    """Tell the versions of what the package builds on."""
    return {
        'sa4depth_ros': attempt(_own_version),
        'python': platform.python_version(),
        'ros': {name: os.environ[name] for name in ROS_VARIABLES if os.environ.get(name)},
        'packages': _versions(),
        'opencv': attempt(_opencv),
        'onnxruntime': attempt(_onnxruntime),
        'tensorrt': attempt(_tensorrt),
    }


def gpu_facts() -> Facts:
    """Describe the GPU that the engines would run on; BackendMissingError when there is none."""
    from sa4depth_ros.runtime.engines.tensorrt_cuda import device_info
    device = device_info()
    return {
        'name': device.name,
        'compute_capability': '{}.{}'.format(*device.compute_capability),
        'memory_mb': device.memory_bytes // 2**20,
        'driver_cuda': device.driver_version,
    }


def _own_version() -> str:
    # Of what lies beside this code; a checkout need not be installed.
    text = share_path('package.xml').read_text(encoding='utf-8')
    found = re.search(r'<version>(.+?)</version>', text)
    return found.group(1) if found else 'unknown'


def _processor() -> str:
    # /proc/cpuinfo names no model on Arm.
    text = _output('lscpu') or Path('/proc/cpuinfo').read_text(encoding='utf-8')
    found = re.search(r'^model name\s*:\s*(.+)$', text, re.MULTILINE | re.IGNORECASE)
    return found.group(1).strip() if found else platform.processor() or 'unknown'


def _memory() -> Facts:
    import psutil
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {'total_mb': memory.total // 2**20, 'available_mb': memory.available // 2**20,
            'swap_mb': swap.total // 2**20}


def _jetson() -> Facts | None:
    model = Path('/proc/device-tree/model')
    release = Path('/etc/nv_tegra_release')
    if not release.exists() and not (model.exists() and 'Jetson' in _text(model)):
        return None
    return {
        'model': _text(model) if model.exists() else None,
        'release': _text(release).splitlines()[0] if release.exists() else None,
        'jetpack': _output('dpkg-query', '--show', '--showformat=${Version}', 'nvidia-jetpack'),
        'power_mode': _output('nvpmodel', '-q'),
    }


def _text(path: Path) -> str:
    return path.read_text(encoding='utf-8', errors='replace').strip('\0\n ')


def _output(*command: str) -> str | None:
    """Give what a command prints, None where it does not exist or fails."""
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=10,
            env={**os.environ, 'LC_ALL': 'C'})
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip() or None


def _versions() -> dict[str, str]:
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _opencv() -> str:
    # From apt it has no metadata.
    import cv2
    return str(cv2.__version__)


def _onnxruntime() -> Facts:
    from sa4depth_ros.runtime.engines.onnx_session import available_providers
    version = sys.modules['onnxruntime'].__version__
    return {'version': version, 'providers': available_providers()}


def _tensorrt() -> Facts:
    from sa4depth_ros.runtime.engines.tensorrt_library import load_library
    library = load_library()
    return {'flavour': library.flavour, 'version': library.version}

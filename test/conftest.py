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

"""Isolation for every test run: its own DDS domain, this machine only, software rendering."""

import importlib
import importlib.util
import os
from pathlib import Path
import shutil
import sys
import sysconfig
import tempfile

import pytest
from sa4depth_ros.cli.dds_domain import claim_domain

# For onnx_models.py and walk_bag.py. The option pythonpath does the same, but not in the
# pytest 6 of Ubuntu 22.04.
sys.path.insert(0, str(Path(__file__).parent))

# Tests are not collected where what they need is missing, and the report header says so:
# nothing is skipped in silence. ament_copyright and launch_pytest come with ROS 2 only, in no
# package registry; torch and moderngl come with `make test`, but not with a robot. A name is that
# of a module, of a command (hadolint), or of a header.
# What it takes to make tf2_msgs where there is none (tf2_builder.py).
TF2 = () if importlib.util.find_spec('tf2_msgs') else ('gcc', 'Python.h')
NEEDS = {
    'benchmarks': ('torch', 'evo'),
    'cli/test_demo_odometry.py': ('evo',),
    'cli/test_demo_trajectory.py': ('evo',),
    # The page is looked at in a real browser.
    'cli/test_evaluate_page.py': ('torch', 'evo', 'chromium'),
    'geometry': ('torch',),
    'launch': ('launch_pytest',),
    'networks': ('torch', 'transformers'),
    'networks/test_engine_builds.py': ('tensorrt_rtx',),
    # Their pictures are rendered with torch.
    'nodes/test_calibrate_refusals.py': ('torch',),
    'nodes/test_calibrate_service.py': ('torch',),
    'nodes/test_calibrate_transforms.py': ('torch', *TF2),
    # Its networks are exported from torch, and give what is expected.
    'nodes/test_network_variants.py': ('torch', 'transformers'),
    'nodes/test_pose_recording.py': TF2,
    'nodes/test_pose_transforms.py': TF2,
    'nodes/test_scale_watch.py': ('torch',),
    'runtime/test_motion_engines.py': ('torch', 'transformers'),
    'runtime/test_tensorrt_bindings.py': ('cuda', 'gcc'),
    'runtime/test_tensorrt_builds.py': ('tensorrt_rtx',),
    'runtime/test_tensorrt_emulator.py': ('tensorrt_rtx', 'cuda'),
    'runtime/test_tensorrt_types.py': ('mypy', 'tensorrt_bindings'),
    'test_chain.py': ('torch', 'moderngl'),
    'test_copyright.py': ('ament_copyright',),
    'test_docker_lint.py': ('hadolint',),
    'test_flake8.py': ('ament_flake8',),
    'test_pep257.py': ('ament_pep257',),
    'train/protocols/test_make3d.py': ('scipy',),
    'train/protocols/test_nyuv2.py': ('h5py', 'scipy'),
    'train/worlds': ('moderngl', 'miniworld'),
    'train': ('torch', 'accelerate', 'evo'),
}


def _installed(name: str) -> bool:
    if name.endswith('.h'):
        return (Path(sysconfig.get_paths()['include']) / name).is_file()
    commands = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get('PATH', '')])
    return bool(importlib.util.find_spec(name) or shutil.which(name, path=commands))


MISSING = {
    path: name for path, names in NEEDS.items() for name in names if not _installed(name)}

collect_ignore = sorted(MISSING)


def pytest_configure() -> None:
    """Set the environment before anything imports rclpy; children inherit it."""
    os.environ['ROS_DOMAIN_ID'] = str(claim_domain())
    if os.environ.get('ROS_DISTRO') == 'humble':
        os.environ['ROS_LOCALHOST_ONLY'] = '1'
    else:
        os.environ.pop('ROS_LOCALHOST_ONLY', None)
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    os.environ.setdefault('ROS_LOG_DIR', tempfile.mkdtemp(prefix='sa4depth_ros_log_'))


def pytest_report_header() -> list[str]:
    """Say which tests this machine cannot run, and why."""
    lines = [f'ROS_DOMAIN_ID: {os.environ["ROS_DOMAIN_ID"]}, this machine only']
    lines += [f'not collected: test/{path} (needs {module}, which is not installed)'
              for path, module in MISSING.items()]
    return lines


@pytest.fixture(scope='session')
def small_motion(tmp_path_factory):
    """Give the checkpoint of a small model of motion, its network, and what was exported."""
    motion_models = importlib.import_module('motion_models')
    checkpoint = tmp_path_factory.mktemp('motion') / 'both.safetensors'
    network = motion_models.save_small(checkpoint)
    return checkpoint, network, motion_models.export_small(checkpoint)

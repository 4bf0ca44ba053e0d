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

"""The package's own description: files, headers, metadata, versions, sizes."""

import ast
from collections.abc import Iterator
import hashlib
import importlib.metadata
from pathlib import Path
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEADER = (ROOT / 'setup.py').read_text(encoding='utf-8').partition('\n"""')[0].rstrip()
MEGABYTE = 1_000_000
ROS_MODULES = re.compile(
    r'^(ament_index_python|builtin_interfaces|cv_bridge|launch|launch_ros|rcl_interfaces|rclpy|'
    r'sensor_msgs_py|std_srvs|tf2_ros|\w+_msgs)$')
OUR_SOURCES = ('launch', 'sa4depth_ros', 'train')


def _files(pattern: str, *folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob(pattern))


def _manifest() -> ElementTree.Element:
    return ElementTree.parse(ROOT / 'package.xml').getroot()


def _setup_field(name: str) -> str:
    for node in ast.walk(ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))):
        if isinstance(node, ast.keyword) and node.arg == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f'setup.py has no {name}')


@pytest.mark.parametrize(
    'path', [ROOT / 'setup.py', *_files('*.py', *OUR_SOURCES, 'test')],
    ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_source_has_the_licence_header(path: Path) -> None:
    assert path.read_text(encoding='utf-8').startswith(HEADER)


def test_the_header_is_the_apache_licence() -> None:
    assert HEADER.startswith('# Copyright 2026 sa4depth_ros contributors\n#\n# Licensed under')
    assert 'Apache License' in (ROOT / 'LICENSE').read_text(encoding='utf-8')


def test_package_xml_and_setup_py_agree() -> None:
    manifest = _manifest()
    assert manifest.get('format') == '3'
    assert manifest.findtext('name') == 'sa4depth_ros'
    assert manifest.findtext('license') == _setup_field('license') == 'Apache-2.0'
    assert manifest.findtext('version') == _setup_field('version')
    assert manifest.find('maintainer').get('email') == _setup_field('maintainer_email')
    assert manifest.findtext('export/build_type') == 'ament_python'


def test_the_changelog_has_this_version() -> None:
    text = (ROOT / 'CHANGELOG.rst').read_text(encoding='utf-8')
    assert re.search(rf'^{re.escape(_setup_field("version"))} ', text, re.MULTILINE)


def test_every_ros_module_in_use_is_a_dependency() -> None:
    used = set()
    for path in _files('*.py', *OUR_SOURCES):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.Import):
                used |= {alias.name.partition('.')[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                used.add((node.module or '').partition('.')[0])
    tags = ('depend', 'exec_depend')
    declared = {element.text for element in _manifest() if element.tag in tags}
    assert {name for name in used if ROS_MODULES.match(name)} <= declared


# What the nodes import on a robot, and the rosdep key that brings it.
ROSDEP_KEYS = {
    'cv2': 'python3-opencv', 'filelock': 'python3-filelock', 'numpy': 'python3-numpy',
    'onnxruntime': 'python3-onnxruntime-pip', 'psutil': 'python3-psutil',
    'rosbags': 'python3-rosbags-pip', 'tqdm': 'python3-tqdm', 'yaml': 'python3-yaml'}
# No key brings these: TensorRT and CUDA are NVIDIA's, the others are not for a robot.
WITHOUT_KEY = {'cuda', 'onnx', 'tensorrt', 'torch'}


def test_everything_that_the_nodes_import_is_a_dependency() -> None:
    used = set()
    for path in _files('*.py', 'sa4depth_ros/runtime', 'sa4depth_ros/nodes'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            names = ([alias.name for alias in node.names] if isinstance(node, ast.Import)
                     else [node.module or ''] if isinstance(node, ast.ImportFrom) else [])
            used |= {name.partition('.')[0] for name in names}
    foreign = {name for name in used - sys.stdlib_module_names
               if not ROS_MODULES.match(name) and not name.startswith('sa4depth_')}
    assert 'filelock' in foreign
    assert foreign <= set(ROSDEP_KEYS) | WITHOUT_KEY
    declared = {element.text for element in _manifest() if element.tag == 'exec_depend'}
    assert {ROSDEP_KEYS[name] for name in foreign - WITHOUT_KEY} <= declared


def test_console_scripts_can_be_imported() -> None:
    scripts = {
        entry.name: entry for entry in importlib.metadata.entry_points(group='console_scripts')
        if entry.value.startswith('sa4depth_ros.')}
    assert set(scripts) == {'depth_node', 'depth_odometry', 'pose_node', 'sa4depth'}
    assert all(callable(entry.load()) for entry in scripts.values())


def test_setup_names_packages_and_shipped_files() -> None:
    """Only our two names become global, and every shipped file is installed."""
    code = ('import setuptools\n'
            'setuptools.setup = lambda **fields: print(repr((fields["packages"], '
            'sorted(file for _, files in fields["data_files"] for file in files))))\n'
            'exec(open("setup.py").read())')
    result = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code], cwd=ROOT, capture_output=True, text=True,
        check=True, timeout=60)
    packages, data_files = ast.literal_eval(result.stdout)
    assert {name.partition('.')[0] for name in packages} == {'sa4depth_ros', 'sa4depth_train'}
    on_disk = {'sa4depth_ros.' + '.'.join(init.parent.relative_to(ROOT / 'sa4depth_ros').parts)
               for init in (ROOT / 'sa4depth_ros').rglob('*/__init__.py')}
    assert on_disk <= set(packages)
    for shipped in ('config/depth.yaml', 'config/fastdds.xml', 'launch/depth.launch.py',
                    'models/sa4depth_default.onnx', 'package.xml', 'resource/sa4depth_ros'):
        assert shipped in data_files
    assert any(file.startswith('recordings/demo_room/') for file in data_files)


def test_shipped_files_are_small() -> None:
    sizes = {folder: [f.stat().st_size for f in _files('*', folder) if f.is_file()]
             for folder in ('models', 'recordings')}
    # The ONNX file and its checkpoint for fine-tuning, 20 MB each at most.
    assert 0 < max(sizes['models']) <= 20 * MEGABYTE
    assert 0 < sum(sizes['recordings']) <= 6 * MEGABYTE


@pytest.mark.parametrize('path', [*_files('*.onnx', 'models')], ids=lambda path: path.name)
def test_the_card_names_the_models_that_are_shipped(path: Path) -> None:
    card = (ROOT / 'models' / 'README.md').read_text(encoding='utf-8')
    line = next(line for line in card.splitlines()
                if line.startswith('|') and f'`{path.name}`' in line)
    assert hashlib.sha256(path.read_bytes()).hexdigest() in line
    megabytes = re.search(r'([\d.]+) MB', line)
    assert megabytes is not None
    assert float(megabytes[1]) == round(path.stat().st_size / MEGABYTE, 1)


@pytest.mark.parametrize(
    'page', [ROOT / 'README.md', ROOT / 'CONTRIBUTING.md', *_files('*.md', 'docs')],
    ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    links = re.findall(r'\]\(([^)#\s]+)', text)
    broken = [link for link in links
              if '://' not in link and not (page.parent / link).exists()]
    assert not broken

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

"""The container files: what compose refers to exists, images get what the nodes need."""

import importlib.util
from pathlib import Path
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCKER = ROOT / 'docker'
COMPOSE = sorted(DOCKER.glob('compose.*.yaml'))
DOCKERFILES = sorted(DOCKER.glob('Dockerfile.*'))


def services() -> list[Any]:
    return [pytest.param(path, service, id=f'{path.name}:{name}') for path in COMPOSE
            for name, service in load(path)['services'].items()]


def load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding='utf-8'))


def megabytes(size: str) -> float:
    number, unit = re.fullmatch(r'([0-9.]+) ?(mb?|gb?)', size.lower()).groups()
    return float(number) * (1024 if unit.startswith('g') else 1)


def test_there_is_an_image_and_a_compose_file_for_jetson_and_desktop() -> None:
    assert [path.name for path in DOCKERFILES] == ['Dockerfile.desktop', 'Dockerfile.jetson']
    assert [path.name for path in COMPOSE] == ['compose.desktop.yaml', 'compose.jetson.yaml']


@pytest.mark.parametrize(('path', 'service'), services())
def test_a_service_is_built_from_files_that_exist(path: Path, service: dict[str, Any]) -> None:
    context = (path.parent / service['build']['context']).resolve()
    assert context == ROOT
    dockerfile = context / service['build']['dockerfile']
    declared = set(re.findall(r'^ARG (\w+)', dockerfile.read_text(encoding='utf-8'), re.M))
    assert set(service['build']['args']) <= declared
    backend = service['build']['args'].get('BACKEND', 'jetson')
    default = re.sub(r'\$\{\w+:-([^}]*)\}', r'\1', backend)
    assert (DOCKER / 'requirements' / f'{default}.txt').is_file()


@pytest.mark.parametrize(('path', 'service'), services())
def test_images_fit_into_shared_memory(path: Path, service: dict[str, Any]) -> None:
    """Fast DDS takes who has its network for one that sees its /dev/shm."""
    if service.get('network_mode') == 'host':
        assert service['ipc'] == 'host'
    else:
        assert megabytes(service['shm_size']) >= 256
    assert 'ROS_DOMAIN_ID' in service['environment']


@pytest.mark.parametrize('path', COMPOSE, ids=lambda path: path.name)
def test_the_gpu_service_keeps_its_engines(path: Path) -> None:
    document = load(path)
    depth = document['services']['depth']
    volume, _, target = depth['volumes'][0].partition(':')
    assert volume in document['volumes']
    dockerfile = (ROOT / depth['build']['dockerfile']).read_text(encoding='utf-8')
    # A new volume takes its owner from this folder of the image.
    assert f'install -d -o ros -g ros /home/ros/.cache {target}' in dockerfile
    from sa4depth_ros.runtime.engine_cache import default_folder
    assert default_folder().parent.name == Path(target).name


def test_only_the_gpu_services_ask_for_a_gpu() -> None:
    jetson, desktop = (load(DOCKER / f'compose.{name}.yaml')['services']
                       for name in ('jetson', 'desktop'))
    assert jetson['depth']['runtime'] == 'nvidia'
    reserved = desktop['depth']['deploy']['resources']['reservations']['devices']
    assert reserved == [{'driver': 'nvidia', 'count': 1, 'capabilities': ['gpu']}]
    assert 'deploy' not in desktop['depth-cpu'] and 'runtime' not in desktop['depth-cpu']
    assert 'backend:=onnxruntime' in desktop['depth-cpu']['command']


@pytest.mark.parametrize('path', COMPOSE, ids=lambda path: path.name)
def test_a_plain_up_starts_one_depth_node(path: Path) -> None:
    started = [name for name, service in load(path)['services'].items()
               if not service.get('profiles')]
    assert started == ['depth']


@pytest.mark.parametrize(('path', 'service'), services())
def test_the_launch_arguments_exist(path: Path, service: dict[str, Any]) -> None:
    launch = (ROOT / 'launch/depth.launch.py').read_text(encoding='utf-8')
    for word in service['command']:
        name, assigned, _ = word.partition(':=')
        assert not assigned or f"argument('{name}'" in launch


@pytest.mark.parametrize('dockerfile', DOCKERFILES, ids=lambda path: path.name)
def test_an_image_runs_as_a_user_and_copies_what_exists(dockerfile: Path) -> None:
    text = dockerfile.read_text(encoding='utf-8')
    assert text.rindex('\nUSER ${USER_ID}\n') > text.rindex('\nRUN ')
    for source in re.findall(r'^COPY (\S+) ', text, re.M):
        assert (ROOT / source).exists()
    assert re.search(r'^FROM \S+[:}]', text, re.M)
    assert ':latest' not in text


def test_no_image_gets_numpy_2_or_cuda_13() -> None:
    """Humble's and Jazzy's cv_bridge are built for NumPy 1; JetPack 6 has a driver of CUDA 12."""
    spec = importlib.util.spec_from_file_location('check_names', DOCKER / 'check_names.py')
    check_names = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(check_names)
    folder = DOCKER / 'requirements'
    assert check_names.requirements(folder / 'constraints.txt') == ['numpy<2']
    assert set(check_names.TARGETS) == {f.name for f in folder.glob('*.txt')} - {'constraints.txt'}
    assert check_names.requirements(folder / 'jetson.txt') == ['cuda-python>=12.9.1,<13']
    assert {'python3-libnvinfer', 'ros-humble-ros-base'} <= set(
        check_names.apt_names(DOCKER / 'Dockerfile.jetson', 'humble'))
    for dockerfile in DOCKERFILES:
        assert 'PIP_CONSTRAINT=/opt/requirements/constraints.txt' in dockerfile.read_text('utf-8')


def test_the_build_context_leaves_out_history_and_environments_only() -> None:
    ignored = (ROOT / '.dockerignore').read_text(encoding='utf-8').splitlines()
    assert {'.git', '.venv*', 'test'} <= set(ignored)
    shipped = {'config', 'launch', 'models', 'recordings', 'resource', 'sa4depth_ros', 'train',
               'setup.py', 'setup.cfg', 'package.xml', 'docker'}
    assert not shipped & set(ignored)


def test_the_entrypoint_is_a_shell_script_that_runs_its_arguments() -> None:
    entrypoint = DOCKER / 'entrypoint.sh'
    assert entrypoint.stat().st_mode & 0o111
    assert entrypoint.read_text(encoding='utf-8').rstrip().endswith('exec "$@"')
    bash = shutil.which('bash')
    subprocess.run([bash, '-n', str(entrypoint)], check=True, timeout=10)

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

"""What people read about the node's parameters is what the node does."""

from dataclasses import Field, fields
from pathlib import Path
import re

import pytest
from sa4depth_ros.nodes.parameters import DepthParameters
from sa4depth_ros.nodes.pose_parameters import PoseParameters
from sa4depth_ros.runtime.engines import BACKENDS
from sa4depth_ros.runtime.odometry_types import OdometrySettings
import yaml

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = fields(DepthParameters)
POSE_PARAMETERS = fields(PoseParameters)
PAGES = [*(('docs/node.md', p) for p in PARAMETERS),
         *(('docs/odometry.md', p) for p in POSE_PARAMETERS)]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding='utf-8')


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return str(list(value))
    return "''" if value == '' else str(value)


@pytest.mark.parametrize(('page', 'parameter'), PAGES, ids=lambda x: getattr(x, 'name', x))
def test_the_page_has_the_default_and_the_words_of_the_node(page: str, parameter: Field) -> None:
    pattern = rf'^\| `{parameter.name}` \| `(.*?)` \|.*$'
    row = re.search(pattern, text(page), re.MULTILINE)
    assert row is not None
    assert row[1] == shown(parameter.default)
    assert parameter.metadata['text'] in row[0]


@pytest.mark.parametrize('parameter', PARAMETERS, ids=lambda parameter: parameter.name)
def test_the_readme_has_every_parameter(parameter: Field) -> None:
    assert re.search(rf'^\|.*`{parameter.name}`.*\|', text('README.md'), re.MULTILINE)


@pytest.mark.parametrize(('name', 'parameters'), [
    ('config/depth.yaml', PARAMETERS), ('config/pose.yaml', POSE_PARAMETERS)])
def test_the_shipped_file_has_the_defaults(name: str, parameters: tuple[Field, ...]) -> None:
    values = yaml.safe_load(text(name))['/**']['ros__parameters']
    assert values == {
        p.name: list(p.default) if isinstance(p.default, tuple) else p.default for p in parameters}


def test_the_settings_of_the_odometry_are_parameters_of_one_default() -> None:
    assert PoseParameters().settings == OdometrySettings()


def test_parameters_that_both_nodes_have_are_of_one_default() -> None:
    """One file of parameters may serve both."""
    pose = {p.name: p.default for p in POSE_PARAMETERS}
    shared = {p.name: p.default for p in PARAMETERS if p.name in pose}
    assert {'image_transport', 'rectify'} <= set(shared)
    assert shared == {name: pose[name] for name in shared}


@pytest.mark.parametrize('backend', BACKENDS)
def test_page_and_launch_file_know_every_backend(backend: str) -> None:
    assert f'| `{backend}` |' in text('docs/models.md')
    assert f"'{backend}'" in text('launch/depth.launch.py')

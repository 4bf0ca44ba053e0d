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

"""Check one colcon install: where imports and shipped files come from (check_colcon.sh)."""

from pathlib import Path
import sys

import sa4depth_ros
from sa4depth_ros.resources import DEFAULT_MODEL, DEMO_RECORDING, share_path
import sa4depth_train

SHIPPED = (
    DEFAULT_MODEL, DEMO_RECORDING, 'config/depth.yaml', 'config/fastdds.xml',
    'config/pose.yaml', 'launch/depth.launch.py', 'package.xml')


def main(prefix: Path, kind: str) -> None:
    """Fail with an assertion when anything comes from outside this install."""
    # A symlink install runs the sources of the workspace; a plain one runs copies.
    home = prefix if kind == 'plain' else prefix.parents[2]
    for module in (sa4depth_ros, sa4depth_train):
        place = Path(str(module.__file__)).resolve()
        assert place.is_relative_to(home.resolve()), f'{module.__name__} comes from {place}'
        print(f'{module.__name__}: {place}')
    for name in SHIPPED:
        place = share_path(name)
        assert place.resolve().is_relative_to(home.resolve()), f'{name} comes from {place}'
        installed = prefix / 'share' / 'sa4depth_ros' / name
        assert installed.exists(), f'{installed} was not installed'
    index = prefix / 'share/ament_index/resource_index/packages/sa4depth_ros'
    assert index.exists(), f'{index} was not installed'
    print(f'shipped files: {share_path(".")}')


if __name__ == '__main__':
    main(Path(sys.argv[1]), sys.argv[2])

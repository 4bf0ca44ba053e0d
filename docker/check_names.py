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

"""
Resolve every package that the Dockerfiles name, as far as this machine's registries know it.

    python docker/check_names.py [--rosdistro CHECKOUT]

pip is asked for the Python and the processor of each image. apt names are looked up in the
package lists of this machine: on another distribution that is a hint, no proof. Names that
begin with ros- are looked up in a checkout of ros/rosdistro. Not part of the tests, as it
needs the network.
"""

import argparse
import json
from pathlib import Path
import re
import subprocess
import sys

HERE = Path(__file__).resolve().parent
# Base image, Python and processor of each file of requirements.
TARGETS = {
    'jetson.txt': ('humble', '3.10', 'aarch64'),
    'tensorrt.txt': ('jazzy', '3.12', 'x86_64'),
    'tensorrt-rtx.txt': ('jazzy', '3.12', 'x86_64'),
    'cpu.txt': ('jazzy', '3.12', 'x86_64'),
}
# What rosdep takes from pip for package.xml.
ROSDEP_PIP = ('onnxruntime', 'rosbags')
GLIBC = (5, 12, 17, 24, 27, 28, 31, 34, 35)


def apt_names(dockerfile: Path, distro: str) -> list[str]:
    """List what `apt-get install` is given in ``dockerfile``, with ROS_DISTRO filled in."""
    text = dockerfile.read_text(encoding='utf-8').replace('\\\n', ' ')
    names: list[str] = []
    for command in re.findall(r'apt-get install -y --no-install-recommends ([^&\n]*)', text):
        words = [word.strip('"').replace('${ROS_DISTRO}', distro) for word in command.split()]
        names += [word for word in words if not word.startswith('/')]
    return names


def requirements(path: Path) -> list[str]:
    """List the requirements in a file, comments aside."""
    lines = [line.partition('#')[0].strip() for line in path.read_text('utf-8').splitlines()]
    return [line for line in lines if line]


def resolve_pip(name: str) -> str:
    """Let pip resolve the requirements file ``name`` with what rosdep adds, for its image."""
    distro, python, machine = TARGETS[name]
    platforms = [f'manylinux_2_{minor}_{machine}' for minor in GLIBC] + [
        f'manylinux2014_{machine}']
    wanted = [*requirements(HERE / 'requirements' / name), *ROSDEP_PIP,
              *requirements(HERE / 'requirements' / 'constraints.txt')]
    # Source distributions, like that of TensorRT, cannot be resolved for another machine.
    sources = [line for line in wanted if line.startswith('tensorrt')]
    found = _pip(['--python-version', python, '--only-binary=:all:', *(
        f'--platform={platform}' for platform in platforms)],
        [line for line in wanted if line not in sources])
    # Of those only the name and the version are looked up.
    found += [part for line in sources for part in _pip(['--no-deps'], [line])]
    return f'{name} ({distro}, Python {python}, {machine}): {", ".join(found)}'


def _pip(options: list[str], wanted: list[str]) -> list[str]:
    command = [sys.executable, '-m', 'pip', 'install', '--quiet', '--dry-run', '--report', '-',
               '--ignore-installed', '--target', '/nonexistent', *options, *wanted]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        return [f'FAILED {wanted}: {result.stderr.strip().splitlines()[-1]}']
    report = json.loads(result.stdout)
    return [f'{item["metadata"]["name"]} {item["metadata"]["version"]}'
            for item in report['install']]


def resolve_apt(name: str, rosdistro: Path | None) -> str:
    """Look up one apt package; gives where it was found, or why not."""
    if name.startswith('ros-'):
        return _in_rosdistro(name, rosdistro) if rosdistro else 'not looked up (--rosdistro)'
    result = subprocess.run(
        ['apt-cache', 'policy', name], capture_output=True, text=True, check=False)
    version = re.search(r'Candidate: (\S+)', result.stdout)
    return f'{version.group(1)} on this machine' if version else 'unknown to this machine'


def _in_rosdistro(name: str, rosdistro: Path) -> str:
    import yaml
    _, distro, package = name.split('-', 2)
    text = (rosdistro / distro / 'distribution.yaml').read_text(encoding='utf-8')
    for repository, entry in yaml.safe_load(text)['repositories'].items():
        release = entry.get('release') or {}
        if package.replace('-', '_') in release.get('packages', [repository] if release else []):
            return f'{release["version"]} in rosdistro'
    return 'FAILED: not in rosdistro'


def main() -> int:
    """Print one line for each name; exit code 1 when one cannot be resolved."""
    parser = argparse.ArgumentParser(description='Resolve the packages of the Dockerfiles.')
    parser.add_argument('--rosdistro', type=Path, help='checkout of ros/rosdistro')
    args = parser.parse_args()
    lines = [resolve_pip(name) for name in TARGETS]
    for file, distro in (('Dockerfile.jetson', 'humble'), ('Dockerfile.desktop', 'jazzy')):
        lines += [f'{file}: {name}: {resolve_apt(name, args.rosdistro)}'
                  for name in apt_names(HERE / file, distro)]
    print('\n'.join(lines))
    return int(any('FAILED' in line for line in lines))


if __name__ == '__main__':
    sys.exit(main())

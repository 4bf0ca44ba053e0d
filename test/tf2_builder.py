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
Compiles the Python package tf2_msgs, which has no wheel, from its one message definition.

The ROS 2 wheels bring the generators and everything to link with; only a C++ compiler and the
headers of Python are needed. Run as a program it writes into the folder that is named.
"""

import contextlib
from functools import partial
import os
from pathlib import Path
import subprocess
import sys
import sysconfig
import tempfile

DEFINITION = 'geometry_msgs/TransformStamped[] transforms\n'
# What rosidl_adapter makes of it, with catkin_pkg, which is no wheel of ROS 2.
IDL = """#include "geometry_msgs/msg/TransformStamped.idl"
module tf2_msgs {
  module msg {
    struct TFMessage {
      sequence<geometry_msgs::msg::TransformStamped> transforms;
    };
  };
};
"""
NAME = 'tf2_msgs'
SUPPORTS = ('rosidl_typesupport_fastrtps_c', 'rosidl_typesupport_introspection_c')
LIBRARIES = (
    'geometry_msgs__rosidl_generator_c', 'geometry_msgs__rosidl_generator_py',
    *(f'geometry_msgs__{support}' for support in SUPPORTS), *SUPPORTS, 'rosidl_typesupport_c',
    'rosidl_typesupport_fastrtps_cpp', 'rosidl_runtime_c', 'fastcdr', 'rcutils', 'stdc++')
PREFIX = Path(sys.prefix)


def built() -> Path:
    """Give what PYTHONPATH needs to find it; compiled once for each virtual environment."""
    folder = PREFIX / 'lib' / 'sa4depth_test_tf2_msgs'
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as parent:
            fresh = Path(parent) / 'fresh'
            _run(fresh)
            # Another test run may have been quicker.
            with contextlib.suppress(OSError):
                fresh.rename(folder)
    return folder / 'py'


def _run(folder: Path) -> None:
    environment = os.environ | {'AMENT_PREFIX_PATH': str(PREFIX)}
    result = subprocess.run(
        [sys.executable, __file__, str(folder)], env=environment, capture_output=True, text=True,
        check=False, timeout=120)
    assert result.returncode == 0, f'tf2_msgs cannot be built:\n{result.stdout}{result.stderr}'


def _generate(folder: Path) -> None:
    from rosidl_cli import entry_points
    # The wheels register their entry points twice, which is an error when one is asked for.
    entry_points.get_entry_points = _lenient(entry_points.get_entry_points)
    from rosidl_generator_c.cli import GenerateC
    from rosidl_generator_py.cli import GeneratePython
    from rosidl_typesupport_c.cli import GenerateCTypesupport
    from rosidl_typesupport_fastrtps_c.cli import GenerateFastRTPSCTypesupport
    from rosidl_typesupport_introspection_c.cli import GenerateIntrospectionCTypesupport
    messages = folder / 'definition' / 'msg'
    messages.mkdir(parents=True)
    (messages / 'TFMessage.msg').write_text(DEFINITION, encoding='utf-8')
    (messages / 'TFMessage.idl').write_text(IDL, encoding='utf-8')
    generators = {
        'c': GenerateC('c'), 'dds': GenerateFastRTPSCTypesupport('dds'),
        'introspection': GenerateIntrospectionCTypesupport('introspection'),
        'py': GeneratePython('py', typesupport_implementations=['rosidl_typesupport_c']),
        'support': GenerateCTypesupport('support', typesupport_implementations=list(SUPPORTS))}
    for part, generator in generators.items():
        generator.generate(
            package_name=NAME, interface_files=[f'{messages.parent}:msg/TFMessage.idl'],
            include_paths=[str(PREFIX / 'share')], output_path=folder / part / NAME)


def _lenient(get_entry_points):
    def lenient(*args, **options):
        return get_entry_points(*args, **(options | {'strict': False}))
    return lenient


def _compile(folder: Path) -> None:
    import numpy as np
    includes = [sysconfig.get_paths()['include'], np.get_include(), PREFIX / 'include',
                *(PREFIX / 'include').iterdir(),
                *(folder / part for part in ('c', 'dds', 'introspection', 'py', 'support'))]
    link = [f'-L{PREFIX}/lib', *(f'-l{library}' for library in LIBRARIES)]
    gcc = partial(_gcc, [f'-I{path}' for path in includes], link)
    package = folder / 'py' / NAME
    sources = [file for part in ('c', 'dds', 'introspection', 'support')
               for file in (folder / part).rglob('*.c*')]
    libraries = [package / f'lib{NAME}__{support}.so' for support in SUPPORTS]
    for library in libraries:
        # Loaded with the module; later it is looked for by this name.
        gcc(library, [*sources, f'-Wl,-soname,{library.name}'])
    (package / '__init__.py').touch()
    module = f'{NAME}_s__rosidl_typesupport_c{sysconfig.get_config_var("EXT_SUFFIX")}'
    gcc(package / module, [*package.rglob('*.c'), '-Wl,--no-as-needed', '-Wl,-rpath,$ORIGIN',
                           *libraries])


def _gcc(includes: list[str], link: list[str], output: Path, sources: list[Path | str]) -> None:
    subprocess.run(['gcc', '-shared', '-fPIC', '-w', *includes, '-o', output, *sources, *link],
                   check=True)


if __name__ == '__main__':
    where = Path(sys.argv[1]).absolute()
    _generate(where)
    _compile(where)

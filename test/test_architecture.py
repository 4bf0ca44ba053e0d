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

"""The rooms of the package and the arrows between them, read from the import statements."""

import ast
from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST_FILE = 320
BASE = {'errors', 'files', 'model_card', 'resources', ''}

# Which room may import which; every room may import itself and BASE.
ARROWS = {
    'errors': set(),
    'files': set(),
    'model_card': set(),
    'resources': set(),
    '': set(),
    'geometry': set(),
    'networks': {'geometry'},
    'runtime': set(),
    'nodes': {'runtime'},
    'train': {'geometry', 'networks'},
    'cli': {'geometry', 'networks', 'nodes', 'runtime', 'train'},
}
EXTRA_ARROWS = {'sa4depth_ros/runtime/engines/torch_engine.py': {'networks'}}
# Arithmetic of the robot that training must repeat exactly, so it uses the very functions.
SHARED_WITH_TRAINING = tuple(
    f'sa4depth_ros.runtime.{name}.'
    for name in ('camera_model', 'cloud_points', 'colorize', 'depth_decoding', 'pixel_formats',
                 'pose_track', 'preprocess', 'registered_depth', 'scale', 'scale_depth',
                 'scale_motion', 'scale_tracks', 'tracked_motion', 'transform_tree'))

ROS = {
    'ament_index_python', 'builtin_interfaces', 'cv_bridge', 'diagnostic_msgs', 'geometry_msgs',
    'launch', 'launch_ros', 'lifecycle_msgs', 'nav_msgs', 'rcl_interfaces', 'rclpy',
    'rosgraph_msgs', 'sensor_msgs', 'sensor_msgs_py', 'std_msgs', 'std_srvs', 'tf2_msgs',
    'tf2_ros'}

# Heavy modules -> the places that may import them when they are imported themselves.
AT_MODULE_LEVEL = {
    'cuda': ('sa4depth_ros/runtime/engines/tensorrt',),
    'evo': (),
    'matplotlib': (),
    'moderngl': (),
    'onnx': ('train/',),
    'onnxruntime': ('sa4depth_ros/runtime/engines/onnx_', 'train/'),
    'rosbags': ('sa4depth_ros/nodes/player', 'train/'),
    'skimage': (),
    'tensorrt': ('sa4depth_ros/runtime/engines/tensorrt',),
    'torch': ('sa4depth_ros/geometry/', 'sa4depth_ros/networks/',
              'sa4depth_ros/runtime/engines/torch_engine.py', 'train/'),
    'transformers': (),
}
# In these rooms the engines may not even be imported lazily outside their own file.
ENGINE_ROOMS = ('sa4depth_ros/nodes/', 'sa4depth_ros/runtime/')
ENGINES = ('cuda', 'onnxruntime', 'tensorrt', 'torch')


def _sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob('*.py'))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'line {node.lineno}: imports are absolute in this project'
            # `from sa4depth_ros import runtime` imports a room, too.
            yield from ((node.lineno, f'{node.module}.{alias.name}') for alias in node.names)


def _at_import_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what runs when the module is imported: no function bodies, no TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.dump(node.test):
            continue
        yield node
        yield from _at_import_time(node)


def _room(module: str) -> str | None:
    top, *rest = module.split('.')
    if top == 'sa4depth_train':
        return 'train'
    if top != 'sa4depth_ros':
        return None
    return rest[0] if rest and rest[0] in ARROWS else ''


def _room_of_file(name: str) -> str:
    first, *rest = name.split('/')
    if first == 'train':
        return 'train'
    return rest[0].removesuffix('.py') if rest[0] != '__init__.py' else ''


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding='utf-8'), filename=str(path))


FILES = _sources('sa4depth_ros', 'train')


@pytest.mark.parametrize('path', FILES, ids=_name)
def test_arrows_between_rooms_are_one_way(path: Path) -> None:
    name = _name(path)
    room = _room_of_file(name)
    assert room in ARROWS, f'{name}: an unknown room; give it its arrows in this test'
    allowed = {room} | BASE | ARROWS[room] | EXTRA_ARROWS.get(name, set())
    shared = SHARED_WITH_TRAINING if room == 'train' else ()
    wrong = [f'line {line}: {module}' for line, module in _imports(ast.walk(_tree(path)))
             if (target := _room(module)) is not None and target not in allowed
             and not module.startswith(shared)]
    assert not wrong, f'{name}: room {room!r} may import only {sorted(allowed)}'


@pytest.mark.parametrize('path', [f for f in FILES if 'nodes' not in f.parts], ids=_name)
def test_only_nodes_import_ros(path: Path) -> None:
    wrong = [f'line {line}: {module}' for line, module in _imports(ast.walk(_tree(path)))
             if module.partition('.')[0] in ROS]
    assert not wrong, f'{_name(path)} imports ROS'


@pytest.mark.parametrize('path', FILES, ids=_name)
def test_heavy_modules_are_imported_in_their_own_place(path: Path) -> None:
    name = _name(path)
    tree = _tree(path)
    wrong = [f'line {line}: {module}' for line, module in _imports(_at_import_time(tree))
             if not name.startswith(AT_MODULE_LEVEL.get(module.partition('.')[0], ('',)))]
    if name.startswith(ENGINE_ROOMS):
        wrong += [f'line {line}: {module} (even lazily)'
                  for line, module in _imports(ast.walk(tree))
                  if (top := module.partition('.')[0]) in ENGINES
                  and not name.startswith(AT_MODULE_LEVEL[top])]
    assert not wrong, f'{name} imports a heavy module outside its own file'


@pytest.mark.parametrize('path', _sources('launch', 'sa4depth_ros', 'test', 'train'), ids=_name)
def test_files_stay_short(path: Path) -> None:
    lines = len(path.read_text(encoding='utf-8').splitlines())
    assert lines <= LONGEST_FILE, f'{_name(path)}: split it, one public thing per file'


def _loaded_modules(code: str) -> set[str]:
    """Run code in a fresh interpreter and return the top-level modules it has loaded."""
    script = f'{code}\nimport sys\nprint(*{{name.partition(".")[0] for name in sys.modules}})'
    result = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.splitlines()[-1].split())


def test_the_node_with_onnx_runtime_leaves_torch_out() -> None:
    loaded = _loaded_modules(
        'import numpy\n'
        'import sa4depth_ros.nodes.depth_node\n'
        'from sa4depth_ros.resources import DEFAULT_MODEL, share_path\n'
        'from sa4depth_ros.runtime.depth_estimator import DepthEstimator\n'
        "estimator = DepthEstimator(share_path(DEFAULT_MODEL), backend='onnxruntime')\n"
        'estimator.estimate(numpy.zeros((48, 64, 3), numpy.uint8), None)\n')
    assert {'onnxruntime', 'rclpy'} <= loaded
    assert not loaded & {'torch', 'tensorrt', 'cuda', 'sa4depth_train', 'rosbags', 'moderngl'}


def test_the_command_line_imports_nothing_heavy() -> None:
    loaded = _loaded_modules(
        'import contextlib\n'
        'from sa4depth_ros.cli.main import main\n'
        "with contextlib.suppress(SystemExit):\n    main(['--help'])\n")
    assert not loaded & {*AT_MODULE_LEVEL, *ROS, 'cv2', 'numpy', 'sa4depth_train', 'yaml'}

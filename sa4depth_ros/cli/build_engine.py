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

"""`sa4depth build-engine`: build a TensorRT engine before the robot needs it."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
import re

from sa4depth_ros.errors import BackendMissingError, ConfigError
from sa4depth_ros.resources import DEFAULT_MODEL, share_path
from sa4depth_ros.runtime.engines import BuildStep, EngineOptions

NAME = 'build-engine'
HELP = 'build the TensorRT engine of a model ahead of time'

_WITHOUT_GPU = (
    'Engines for the node are built on the robot itself. A machine without a GPU can still build '
    'one with TensorRT for RTX (pip install tensorrt-rtx-cu12), e.g. to see whether it takes the '
    'model: --compute-capability 8.6 --output FILE')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--model', type=Path, help='ONNX file (default: the shipped model)')
    parser.add_argument('--batch', type=int, default=1,
                        help='most images at once: as many as the node has cameras (default: 1)')
    parser.add_argument('--workspace-mb', type=int, default=0, metavar='MIB',
                        help="most scratch memory, as the node's engine_workspace_mb "
                             "(default: 0, TensorRT's own limit)")
    parser.add_argument('--cache', type=Path, metavar='DIR',
                        help="folder of engines, as the node's engine_cache (default: the "
                             "user's cache folder)")
    parser.add_argument('--output', type=Path, metavar='FILE',
                        help='write the engine to this file instead of the cache, unchecked; '
                             'the node does not look there')
    parser.add_argument('--compute-capability', type=_capability, metavar='X.Y',
                        help='build for another GPU, e.g. 8.6, without having it (TensorRT for '
                             'RTX only, with --output)')


def run(args: argparse.Namespace) -> int:
    """Build the engine and give exit code 0."""
    _check(args)
    model = args.model or share_path(DEFAULT_MODEL)
    build = _fill_cache if args.output is None else _write_file
    with _progress_bar() as (report, progress):
        build(model, args, report, progress)
    return 0


def _check(args: argparse.Namespace) -> None:
    if args.batch < 1 or args.workspace_mb < 0:
        raise ConfigError('expected --batch 1 or more and --workspace-mb 0 or more, got '
                          f'{args.batch} and {args.workspace_mb}')
    if args.compute_capability is not None and args.output is None:
        raise ConfigError('expected --output FILE with --compute-capability: the cache holds '
                          'engines that were checked on the GPU of this machine')
    if args.cache is not None and args.output is not None:
        raise ConfigError('expected --cache or --output, got both; the node looks in the cache')


def _fill_cache(
    model: Path, args: argparse.Namespace, report: Callable[[str], object],
    progress: Callable[[BuildStep], bool],
) -> None:
    """Do what the node does when it is configured, so that it finds its engine."""
    from sa4depth_ros.runtime.depth_estimator import DepthEstimator
    options = EngineOptions(
        batch=args.batch, cache=args.cache, workspace_mb=args.workspace_mb, report=report,
        progress=progress)
    try:
        estimator = DepthEstimator(model, backend='tensorrt', options=options)
    except BackendMissingError as error:
        raise BackendMissingError(f'{error}\n{_WITHOUT_GPU}') from error
    report(f"'{model.name}' is ready on {estimator.engine.name}, batch "
           f'{estimator.engine.max_batch}')
    estimator.close()


def _write_file(
    model: Path, args: argparse.Namespace, report: Callable[[str], object],
    progress: Callable[[BuildStep], bool],
) -> None:
    from sa4depth_ros.runtime.engines.tensorrt_builder import build_engine
    from sa4depth_ros.runtime.engines.tensorrt_library import load_library
    library = load_library()
    output: Path = args.output
    if not output.parent.is_dir():
        raise ConfigError(f"expected a folder '{output.parent}' for --output, but there is none")
    try:
        serialized = build_engine(
            library, model, batch=args.batch, workspace_mb=args.workspace_mb,
            compute_capability=args.compute_capability, progress=progress, report=report)
    except BackendMissingError as error:
        raise BackendMissingError(f'{error}\n{_WITHOUT_GPU}') from error
    try:
        output.write_bytes(serialized)
    except OSError as error:
        raise ConfigError(f'cannot write --output: {error}') from error
    report(f"{library.flavour} {library.version}: '{output}', {len(serialized) / 1e6:.1f} MB; "
           'built, but not run')


@contextmanager
def _progress_bar() -> Iterator[tuple[Callable[[str], object], Callable[[BuildStep], bool]]]:
    """Give a function for lines and one for steps of the build."""
    from tqdm import tqdm
    form = '{desc}: {percentage:3.0f}% |{bar}| {elapsed}'
    with tqdm(total=1.0, bar_format=form, desc='starting') as bar:
        def progress(step: BuildStep) -> bool:
            bar.set_description_str(step.phase, refresh=False)
            bar.update((step.fraction or bar.n) - bar.n)
            return True

        yield bar.write, progress


def _capability(text: str) -> tuple[int, int]:
    match = re.fullmatch(r'(\d+)\.(\d)', text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected two numbers such as 8.6, got '{text}'")
    return int(match[1]), int(match[2])

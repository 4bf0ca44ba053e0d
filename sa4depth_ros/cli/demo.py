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

"""``sa4depth demo``: a recording through the real node, with figures and pictures to keep."""

import argparse
import os
from pathlib import Path
import signal
import sys
import time
from typing import TYPE_CHECKING

from sa4depth_ros.cli.demo_processes import Child, demo_environment, wait_for
from sa4depth_ros.cli.demo_report import remove_results, summarise, table
from sa4depth_ros.cli.demo_trajectory import STAMPS, trajectory_summary
from sa4depth_ros.errors import ConfigError, Sa4DepthError
from sa4depth_ros.resources import DEFAULT_MODEL, DEMO_RECORDING, share_path

if TYPE_CHECKING:
    from sa4depth_ros.nodes.player_source import Source

NAME = 'demo'
HELP = 'run the depth node on a recording, a video or a webcam and save what it publishes'
IMAGE = '/camera/image_raw'
PICTURES = 8
# A slow machine may load the model for a while, and an engine may have to be built.
START_TIMEOUT = 120.0
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument('--bag', type=Path, metavar='PATH',
                        help='rosbag2 folder or ROS 1 .bag file (default: the shipped one)')
    origin.add_argument('--video', type=Path, metavar='FILE', help='video file')
    origin.add_argument('--camera', type=int, metavar='N', help='webcam number')
    add = parser.add_argument
    add('--topic', default='', help='image topic of the bag (default: found by type)')
    add('--hfov', type=float, default=70.0, metavar='DEG',
        help='horizontal field of view guessed where there is no camera_info (default 70)')
    add('--model', type=Path, metavar='M', help='ONNX model (default: the shipped one)')
    add('--backend', default='auto', help='engine, as the node parameter (default auto)')
    add('--odometry', action='store_true',
        help='also run the odometry, and draw its path next to that of the recording')
    add('--output', type=Path, default=Path('demo_output'), metavar='DIR',
        help='folder for pictures, cloud and summary (default demo_output)')
    add('--duration', type=float, default=0.0, metavar='S',
        help='seconds to play; a shorter recording is looped (default: once)')


def run(args: argparse.Namespace) -> int:
    """Play, watch, write the results; return the exit code."""
    model = _model(args.model)
    source = _source(args)
    output = _prepared(args.output)
    try:
        seconds = args.duration or _length(source)
        _announce(source, model, seconds)
        interrupted = _played(args, source, model, output, seconds)
    finally:
        source.close()
    bag = None if args.video or args.camera is not None else Path(source.description)
    found = trajectory_summary(output, bag, source.image_topic) if args.odometry else {}
    summary = summarise(output, found)
    if not summary.get('received_depth'):
        raise Sa4DepthError(f'no depth image arrived. The node says: '
                            f'{summary.get("node_says") or "nothing"}. Logs: {output}/logs')
    print(table(summary, output))
    return INTERRUPTED if interrupted and args.camera is None else 0


def _model(given: Path | None) -> Path:
    model = share_path(DEFAULT_MODEL) if given is None else given.expanduser()
    if not model.is_file():
        raise ConfigError(f'--model: no file at {model}.')
    return model.resolve()


def _source(args: argparse.Namespace) -> 'Source':
    # Opened here only to be looked at; the player process opens it again.
    from sa4depth_ros.nodes.player_bag import BagSource
    from sa4depth_ros.nodes.player_video import VideoSource
    if args.duration < 0:
        raise ConfigError(f'--duration must not be negative, not {args.duration}.')
    if args.video is not None:
        return VideoSource(args.video, args.hfov)
    if args.camera is not None:
        return VideoSource(args.camera, args.hfov)
    return BagSource(args.bag or share_path(DEMO_RECORDING), args.topic, args.hfov)


def _prepared(output: Path) -> Path:
    output = output.expanduser().resolve()
    try:
        (output / 'logs').mkdir(parents=True, exist_ok=True)
        probe = output / f'.writable_{os.getpid()}'
        probe.touch()
        probe.unlink()
        remove_results(output)
    except OSError as error:
        raise ConfigError(f'--output: {output} cannot be written ({error.strerror}); '
                          'choose another folder.') from error
    return output


def _length(source: 'Source') -> float:
    if source.frames is None or not source.rate:
        return 0.0
    return source.frames / source.rate


def _announce(source: 'Source', model: Path, seconds: float) -> None:
    length = f'{seconds:.1f} s' if seconds else 'until Ctrl-C'
    print(f'playing {source.description} ({source.rate:.1f} Hz, {length}) through the depth node '
          f'with {model.name}')
    for note in source.notes:
        print(f'note: {note}')


def _played(args: argparse.Namespace, source: 'Source', model: Path, output: Path,
            seconds: float) -> bool:
    """Run the three processes to the end; True when the user ended them early."""
    children = _started(args, source, model, output, seconds)
    node, viewer, player = children
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    interrupted = False
    try:
        try:
            wait_for(player, (node, viewer), START_TIMEOUT + 2 * seconds + 30
                     if seconds else float('inf'))
        except KeyboardInterrupt:
            interrupted = True
            print('\nstopping; what there is will be written')
            player.stop(5)
        if not interrupted:
            _require_played(player, node)
        _finish(node, viewer)
    except Sa4DepthError:
        # The message must not stand behind the viewer's unfinished live line.
        print(file=sys.stderr)
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)
        for child in children:
            child.kill()
    return interrupted


def _started(args: argparse.Namespace, source: 'Source', model: Path, output: Path,
             seconds: float) -> tuple[Child, Child, Child]:
    logs = output / 'logs'
    environment = demo_environment(logs)
    print(f'watch it with ROS_DOMAIN_ID={environment["ROS_DOMAIN_ID"]} '
          f'(topics {IMAGE}, /depth/image, /points); logs in {logs}')
    transport = 'compressed' if source.compressed else 'raw'
    name = 'depth_odometry' if args.odometry else 'depth_node'
    node = Child(name, f'sa4depth_ros.nodes.{name}', [
        '--ros-args', '-r', f'image:={IMAGE}', '-p', f'image_transport:={transport}',
        '-p', f'model:={model}', '-p', f'backend:={args.backend}'],
        environment=environment, logs=logs)
    frames = round(seconds * source.rate)
    viewer = Child('viewer', 'sa4depth_ros.nodes.viewer', [
        '--output', str(output), '--image', IMAGE + ('/compressed' if source.compressed else ''),
        '--expected', str(frames), '--sample-every', f'{_sample_period(seconds):.2f}',
        *(['--odometry', 'odom'] if args.odometry else [])],
        environment=environment, logs=logs, on_terminal=True)
    player = Child('player', 'sa4depth_ros.nodes.player', [
        *_played_input(args, source), '--publish-as', IMAGE, '--report',
        str(output / 'player.json'), '--wait-for', '2', '--wait-timeout', f'{START_TIMEOUT:g}',
        *(['--stamps', str(output / STAMPS)] if args.odometry else [])],
        environment=environment, logs=logs)
    return node, viewer, player


def _sample_period(seconds: float) -> float:
    return min(max(seconds / PICTURES, 0.4), 3.0) if seconds else 3.0


def _played_input(args: argparse.Namespace, source: 'Source') -> list[str]:
    if args.camera is not None:
        origin = ['--camera', str(args.camera)]
    elif args.video is not None:
        origin = ['--video', str(args.video)]
    else:
        origin = ['--bag', source.description, '--topic', source.image_topic]
    origin += ['--hfov', str(args.hfov)]
    if args.duration:
        origin += ['--loop', '--duration', str(args.duration)]
    return origin


def _require_played(player: Child, node: Child) -> None:
    if player.exit_code != 0:
        raise Sa4DepthError(f'the recording could not be played.{player.last_words()}'
                            f'\nThe depth node:{node.last_words()}')


def _finish(node: Child, viewer: Child) -> None:
    # The last frames are still on their way; the node's figures come once a second.
    for _ in range(15):
        node.require_alive()
        viewer.require_alive()
        time.sleep(0.1)
    viewer.stop(60)
    node.stop(10)
    if viewer.exit_code != 0:
        raise Sa4DepthError(f'the viewer failed.{viewer.last_words()}')

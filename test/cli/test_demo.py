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

"""`sa4depth demo` for real: three processes over DDS, and the files that they leave."""

import json
import os
from pathlib import Path
import re
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
from onnx_models import save_grey_model
import psutil
import pytest
from sa4depth_ros.cli.demo_processes import Child, demo_environment, wait_for
from sa4depth_ros.cli.demo_report import remove_results, table
from sa4depth_ros.cli.main import main
from sa4depth_ros.errors import Sa4DepthError


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a model whose depth is 1 m plus 1 cm per grey level."""
    path = tmp_path_factory.mktemp('model') / 'grey.onnx'
    return save_grey_model(path, offset=1.0, slope=0.01)


def test_shipped_recording_gives_everything_promised(
        model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pictures, cloud, summary and table; results of an earlier run are gone, other files not."""
    (tmp_path / 'depth_99.png').touch()
    (tmp_path / 'mine.txt').touch()
    assert main(['demo', '--model', str(model), '--output', str(tmp_path),
                 '--duration', '4']) == 0
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert summary['published'] > 30 and summary['calibration'] == 'recorded'
    assert summary['received_depth'] > 0.5 * summary['published']
    assert summary['received_clouds'] > 0 and summary['unit'] == 'm'
    assert 0 < summary['latency_median_ms'] <= summary['latency_p95_ms']
    assert summary['engine_median_ms'] > 0 and 0 < summary['engine_share'] <= 1
    assert summary['model'].startswith('grey') and 'onnxruntime' in summary['backend']
    pictures = sorted(path.name for path in tmp_path.glob('depth_*.png'))
    assert len(pictures) >= 3 and 'depth_99.png' not in pictures
    assert (tmp_path / 'mine.txt').exists() and not (tmp_path / 'player.json').exists()
    assert cv2.imread(str(tmp_path / pictures[0])).shape[1] > 960
    assert cv2.imread(str(tmp_path / 'cloud.png')).std() > 10
    points = _ply(tmp_path / 'cloud.ply')
    assert len(points) == 480 * 360 and np.isfinite(points['xyz']).all()
    grey = points['rgb'].astype(float).mean(1)
    # Depth is that of the model, so each point's z tells the grey of its own colour.
    assert np.corrcoef(points['xyz'][:, 2], grey)[0, 1] > 0.8
    assert abs(np.median(points['xyz'][:, 2]) - 1 - 0.01 * np.median(grey)) < 0.1
    printed = capsys.readouterr().out
    assert 'latency' in printed and 'dropped' in printed and 'ROS_DOMAIN_ID' in printed


def _ply(path: Path) -> np.ndarray:
    body = path.read_bytes().split(b'end_header\n', 1)[1]
    return np.frombuffer(body, np.dtype([('xyz', '<f4', 3), ('rgb', 'u1', 3)]))


def test_video_is_played_and_its_calibration_called_a_guess(
        model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A video file needs nothing but itself."""
    video = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*'MJPG'), 15.0, (160, 120))
    for number in range(45):
        writer.write(np.full((120, 160, 3), 3 * number, np.uint8))
    writer.release()
    output = tmp_path / 'out'
    assert main(['demo', '--video', str(video), '--model', str(model),
                 '--output', str(output)]) == 0
    summary = json.loads((output / 'summary.json').read_text())
    assert summary['published'] == 45 and summary['calibration'] == 'guessed'
    assert (output / 'cloud.ply').is_file()
    assert 'GUESSING' in capsys.readouterr().out


def test_interrupt_stops_all_and_keeps_what_there_is(model: Path, tmp_path: Path) -> None:
    """Ctrl-C ends every process of the demo and still writes the summary."""
    demo = subprocess.Popen(
        [sys.executable, '-m', 'sa4depth_ros.cli.main', 'demo', '--model', str(model),
         '--output', str(tmp_path), '--duration', '60'], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env=os.environ | {'PYTHONUNBUFFERED': '1'})
    assert demo.stdout is not None
    printed = ''
    # The live line says so when depth arrives; the test's own time limit ends a vain wait.
    while ' fps' not in printed and demo.poll() is None:
        printed += os.read(demo.stdout.fileno(), 4096).decode(errors='replace')
    children = psutil.Process(demo.pid).children()
    time.sleep(2)
    demo.send_signal(signal.SIGINT)
    printed += demo.communicate(timeout=60)[0].decode()
    assert demo.returncode == 130, printed
    assert 'Traceback' not in printed
    assert (tmp_path / 'summary.json').is_file() and list(tmp_path.glob('depth_*.png'))
    assert len(children) == 3
    assert not any(child.is_running() for child in children)


def test_node_that_cannot_start_is_quoted(tmp_path: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """A broken model ends the demo with the node's own words, and soon."""
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'no model')
    assert main(['demo', '--model', str(broken), '--output', str(tmp_path / 'out')]) == 2
    message = capsys.readouterr().err
    assert 'depth_node' in message and 'broken.onnx' in message
    assert 'Traceback' not in message


@pytest.mark.parametrize(('options', 'said'), [
    (['--bag', 'nowhere'], 'no recording at'), (['--video', 'nowhere.mp4'], 'no video file'),
    (['--camera', '987'], 'camera 987'), (['--model', 'nowhere.onnx'], '--model'),
    (['--duration', '-1'], '--duration'), (['--topic', '/x'], "no images on '/x'")])
def test_wrong_options_end_with_a_message(options: list[str], said: str, tmp_path: Path,
                                          model: Path,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 and one message, before any process is started."""
    given = [] if '--model' in options else ['--model', str(model)]
    assert main(['demo', *options, *given, '--output', str(tmp_path / 'out')]) == 2
    message = capsys.readouterr().err
    assert said in message and 'Traceback' not in message
    assert not (tmp_path / 'out' / 'logs' / 'player.log').exists()


def test_output_that_cannot_be_written_is_said_before_the_run(
        model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Here a file stands where the folder should be."""
    (tmp_path / 'file').touch()
    assert main(['demo', '--model', str(model), '--output', str(tmp_path / 'file')]) == 2
    assert '--output' in capsys.readouterr().err


def test_environment_is_private_to_the_demo(monkeypatch: pytest.MonkeyPatch,
                                            tmp_path: Path) -> None:
    """What the user's shell sets for his robot does not reach the demo, his DDS profile does."""
    monkeypatch.setenv('ROS_DOMAIN_ID', '42')
    monkeypatch.setenv('RMW_IMPLEMENTATION', 'rmw_cyclonedds_cpp')
    monkeypatch.setenv('ROS_DISCOVERY_SERVER', '10.0.0.1:11811')
    monkeypatch.setenv('ROS_DISTRO', 'jazzy')
    monkeypatch.setenv('FASTRTPS_DEFAULT_PROFILES_FILE', '/my/profile.xml')
    made = demo_environment(tmp_path)
    assert made['ROS_DOMAIN_ID'] != '42' and 1 <= int(made['ROS_DOMAIN_ID']) <= 101
    assert 'RMW_IMPLEMENTATION' not in made and 'ROS_DISCOVERY_SERVER' not in made
    assert made['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST'
    assert made['FASTRTPS_DEFAULT_PROFILES_FILE'] == '/my/profile.xml'
    assert made['ROS_LOG_DIR'] == str(tmp_path)
    monkeypatch.setenv('ROS_DISTRO', 'humble')
    assert demo_environment(tmp_path)['ROS_LOCALHOST_ONLY'] == '1'


@pytest.mark.parametrize(('free', 'smaller'), [(2**30, False), (60 * 2**20, True)])
def test_little_shared_memory_gets_smaller_segments(
        free: int, smaller: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    """In a container with 64 MiB the segments of three processes still fit, and it is said."""
    for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE'):
        monkeypatch.delenv(name, raising=False)
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: usage)
    profile = Path(demo_environment(tmp_path)['FASTRTPS_DEFAULT_PROFILES_FILE'])
    size = int(re.search(r'<segment_size>(\d+)<', profile.read_text()).group(1))
    assert (profile.parent == tmp_path) == smaller
    assert 3 * size < free
    assert ('shm-size' in capsys.readouterr().out) == smaller


def test_foreign_ros_in_the_shell_is_recognised(monkeypatch: pytest.MonkeyPatch,
                                                tmp_path: Path) -> None:
    """A sourced ROS of another Python is the likely cause of an import error of rclpy."""
    monkeypatch.setenv('ROS_DISTRO', 'humble')
    script = tmp_path / 'pretender.py'
    script.write_text('raise ModuleNotFoundError("No module named \'rclpy._rclpy_pybind11\'")')
    child = Child('depth_node', 'pretender', [], logs=tmp_path,
                  environment=os.environ | {'PYTHONPATH': str(tmp_path)})
    helper_child = Child('player', 'platform', [], logs=tmp_path, environment=dict(os.environ))
    wait_for(helper_child, [], 20)
    assert helper_child.exit_code == 0
    lasting = Child('viewer', 'http.server', ['0'], logs=tmp_path, environment=dict(os.environ))
    with pytest.raises(Sa4DepthError, match=r"(?s)ended unexpectedly.*ROS 2 'humble' sourced"):
        wait_for(lasting, [child], 20)
    lasting.stop(10)
    assert lasting.exit_code is not None


def test_table_reads_well_without_any_frame(tmp_path: Path) -> None:
    """Unknown figures are question marks."""
    text = table({'input': 'x', 'calibration': 'none', 'recorded_rate': 10.0, 'published': 3,
                  'played_seconds': 0.3, 'latency_median_ms': None}, tmp_path)
    assert 'median ? ms' in text and 'no calibration' in text


def test_only_results_are_removed(tmp_path: Path) -> None:
    """A folder of the user's keeps his files."""
    for name in ('depth_00.png', 'cloud.ply', 'summary.json', 'holiday.png', 'notes.txt'):
        (tmp_path / name).touch()
    remove_results(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['holiday.png', 'notes.txt']

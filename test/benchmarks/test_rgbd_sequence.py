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

"""Sequences of 7-Scenes and of TUM RGB-D as recordings: what is in the folder is in the bag."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import DataConfig
from scipy.spatial.transform import Rotation

BENCHMARKS = Path(__file__).resolve().parents[2] / 'benchmarks'
SIZE = (640, 480)
Write = Callable[..., int]


@pytest.fixture
def write(monkeypatch) -> Write:
    """Give the function of the benchmark that writes a recording."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from rgbd_sequence import write_recording
    return write_recording


def poses(frames: int) -> np.ndarray:
    """Give T_camera2world (N, 4, 4) that move and turn."""
    result = np.tile(np.eye(4), (frames, 1, 1))
    turns = np.arange(frames)[:, None] * [0.1, -0.2, 0.3]
    result[:, :3, :3] = Rotation.from_rotvec(turns).as_matrix()
    result[:, :3, 3] = np.arange(frames)[:, None] * [0.5, -0.25, 1.0] + [3.0, 2.0, 1.0]
    return result


def color(number: int) -> np.ndarray:
    """Give a smooth picture that JPEG keeps, BGR, of its own for each frame."""
    ramp = np.linspace(0, 200, SIZE[0])[None].repeat(SIZE[1], 0)
    return np.stack([ramp, ramp[:, ::-1], np.full_like(ramp, 20 * number)], 2).astype(np.uint8)


def depth(number: int) -> np.ndarray:
    """Give a slope of 1 to 4 m, more with each frame, unknown in a corner."""
    metres = np.linspace(1, 4, SIZE[0])[None].repeat(SIZE[1], 0) + 0.1 * number
    metres[:50, :60] = 0
    return metres


def seven_scenes(folder: Path, frames: int = 3, end: str = 'png') -> Path:
    """Write a sequence as 7-Scenes has it."""
    folder.mkdir(parents=True)
    for number, T in enumerate(poses(frames)):
        start = f'{folder}/frame-{number:06d}'
        millimetres = np.rint(1000 * depth(number)).astype(np.uint16)
        millimetres[millimetres == 0] = 65535
        cv2.imwrite(f'{start}.color.{end}', color(number))
        cv2.imwrite(f'{start}.depth.png', millimetres)
        np.savetxt(f'{start}.pose.txt', T)
    return folder


def tum(folder: Path, frames: int = 4) -> Path:
    """Write a sequence as TUM RGB-D has it; the depth of its last picture is half a second off."""
    (folder / 'rgb').mkdir(parents=True)
    (folder / 'depth').mkdir()
    lines: dict[str, list[str]] = {'rgb': ['# timestamp filename'], 'depth': [], 'groundtruth': []}
    for number, T in enumerate(poses(frames)):
        stamp = 1305031102 + number / 10
        late = stamp + (0.5 if number == frames - 1 else 0.008)
        cv2.imwrite(str(folder / 'rgb' / f'{number}.png'), color(number))
        cv2.imwrite(str(folder / 'depth' / f'{number}.png'),
                    np.rint(5000 * depth(number)).astype(np.uint16))
        lines['rgb'].append(f'{stamp:.6f} rgb/{number}.png')
        lines['depth'].append(f'{late:.6f} depth/{number}.png')
        numbers = [*T[:3, 3], *Rotation.from_matrix(T[:3, :3]).as_quat()]
        lines['groundtruth'].append(f'{stamp - 0.003:.4f} ' + ' '.join(map(str, numbers)))
    for name, text in lines.items():
        (folder / f'{name}.txt').write_text('\n'.join(text) + '\n', encoding='utf-8')
    return folder


def check(path: Path, frames: int, K: list[float]) -> BagIndex:
    """Compare what a bag holds with what was written into the folder."""
    bag = BagIndex(path, DataConfig())
    assert len(bag.frames) == frames
    for number, (entry, T) in enumerate(zip(bag.frames, poses(frames))):
        np.testing.assert_allclose(entry.pose, T, atol=1e-6)
        rgb, metres = bag.read_image(entry), bag.read_depth(entry)
        assert np.abs(rgb[..., ::-1].astype(int) - color(number)).max() <= 12
        np.testing.assert_allclose(metres, depth(number), atol=1e-3)
        camera = bag.camera(entry, SIZE)
        np.testing.assert_allclose(camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], K)
    return bag


@pytest.mark.parametrize('end', ['png', 'jpg'])
def test_seven_scenes_come_back(write, tmp_path, end) -> None:
    folder = seven_scenes(tmp_path / 'seq-01', end=end)
    assert write(folder, tmp_path / 'bag') == 3
    bag = check(tmp_path / 'bag', 3, [585, 585, 320, 240])
    stamps = [entry.image.stamp for entry in bag.frames]
    assert stamps == [1_000_000_000, 1_033_333_333, 1_066_666_666]


def test_tum_comes_back_without_what_does_not_match(write, tmp_path) -> None:
    folder = tum(tmp_path / 'rgbd_dataset_freiburg1_desk')
    assert write(folder, tmp_path / 'bag') == 3
    bag = check(tmp_path / 'bag', 3, [517.3, 516.5, 318.6, 255.3])
    assert bag.camera(bag.frames[0], SIZE).D[0] == pytest.approx(0.2624)
    assert bag.frames[1].image.stamp == 1_305_031_102_100_000_000


def test_the_camera_can_be_named(write, tmp_path) -> None:
    write(tum(tmp_path / 'desk'), tmp_path / 'bag', 'freiburg3')
    check(tmp_path / 'bag', 3, [535.4, 539.2, 320.1, 247.6])


def without(name: str, text: str | None = None) -> Callable[[Path], None]:
    """Make a step that removes a file of a folder, or writes ``text`` into it."""
    def spoil(folder: Path) -> None:
        (folder / name).unlink() if text is None else (folder / name).write_text(text)
    return spoil


def half(folder: Path) -> None:
    """Make the picture of the second frame half as large."""
    cv2.imwrite(str(folder / 'frame-000001.color.png'), color(1)[::2, ::2])


@pytest.mark.parametrize(('spoil', 'message'), [
    (half, 'expected 640x480 pixels in .* got 320x240'),
    (without('frame-000001.pose.txt', '1 2 3'), 'expected a matrix of 4x4'),
    (without('frame-000001.pose.txt', 'a b'), 'cannot read the pose'),
    (without('frame-000001.depth.png'), 'expected .* to be a grey PNG of 16 bits'),
    (without('frame-000001.color.png'), 'cannot read the picture'),
])
def test_a_broken_file_of_7_scenes_is_named(write, tmp_path, spoil, message) -> None:
    folder = seven_scenes(tmp_path / 'seq-01')
    spoil(folder)
    with pytest.raises(BagError, match=message) as raised:
        write(folder, tmp_path / 'bag')
    assert 'frame-000001' in str(raised.value)


@pytest.mark.parametrize(('spoil', 'message'), [
    (without('depth.txt'), 'depth.txt.* not there'),
    (without('rgb.txt', 'one two three\n'), 'expected lines like'),
    (without('groundtruth.txt', '1 2 3\n'), 'groundtruth.txt, line 1: expected .stamp tx ty'),
    (without('rgb.txt', '1.0 rgb/0.png\n'), 'no picture has depth and pose within'),
])
def test_a_broken_file_of_tum_is_named(write, tmp_path, spoil, message) -> None:
    folder = tum(tmp_path / 'freiburg2')
    spoil(folder)
    with pytest.raises(BagError, match=message):
        write(folder, tmp_path / 'bag')


def test_a_folder_of_neither_and_an_unknown_camera_are_refused(write, tmp_path) -> None:
    with pytest.raises(BagError, match='expected groundtruth.txt .* found neither'):
        write(tmp_path, tmp_path / 'bag')
    with pytest.raises(BagError, match='say --camera and one of 7scenes, freiburg1'):
        write(tum(tmp_path / 'desk'), tmp_path / 'bag')

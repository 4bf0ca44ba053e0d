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

"""Which frames of KITTI are the test set of Eigen et al. (2014)."""

from dataclasses import dataclass
from pathlib import Path
import re

from sa4depth_ros.errors import BagError, ConfigError

EIGEN_FRAMES = 697

# Facts about the split, no file of anybody: of each of its 28 drives every n-th frame, "n:", from
# the first to the last one of each run. 25 frames a drive, 22 of the short drive 0048.
_EIGEN = {
    '2011_09_26_0002': '3: 0-63 69-75',
    '2011_09_26_0009': '16: 0-176 196-388',
    '2011_09_26_0013': '5: 0-10 20 30-50 60-70 80-140',
    '2011_09_26_0020': '3: 0-21 27 33-36 42-78 84',
    '2011_09_26_0023': '18: 18-216 252-468',
    '2011_09_26_0027': '7: 0-98 112-147 161-182',
    '2011_09_26_0029': '14: 0-196 268 296-408',
    '2011_09_26_0036': '32: 0-704 768-800',
    '2011_09_26_0046': '5: 0-120',
    '2011_09_26_0048': '1: 0-21',
    '2011_09_26_0052': '2: 0-22 26-32 36-52',
    '2011_09_26_0056': '11: 11-121 143-286',
    '2011_09_26_0059': '14: 0-154 182-238 274-372',
    '2011_09_26_0064': '22: 0-110 154-550',
    '2011_09_26_0084': '13: 49-153 179-374',
    '2011_09_26_0086': '27: 7-520 574-682',
    '2011_09_26_0093': '16: 0-256 305-417',
    '2011_09_26_0096': '19: 0-456',
    '2011_09_26_0101': '34: 80-216 284-930',
    '2011_09_26_0106': '8: 15 35-219',
    '2011_09_26_0117': '26: 0-494 546-650',
    '2011_09_28_0002': '3: 0-12 18-24 30-39 45-63 72 78-90',
    '2011_09_29_0071': '36: 0-612 735-807 879-951 1054',
    '2011_09_30_0016': '11: 0-88 110-275',
    '2011_09_30_0018': '107: 0-214 428-2247 2419-2740',
    '2011_09_30_0027': '41: 0-656 753-958 1040-1081',
    '2011_10_03_0027': '181: 0-543 734-2001 2363-4535',
    '2011_10_03_0047': '32: 0-224 288-800',
}
_DAY = r'\d{4}_\d{2}_\d{2}'
_SHORT_LINE = re.compile(rf'({_DAY})/({_DAY}_drive_\d{{4}}_sync)\s+(\d+)(?:\s+([lr]))?')
_PATH_LINE = re.compile(rf'({_DAY})/({_DAY}_drive_\d{{4}}_sync)/image_0([23])/data/(\d+)\.\w+')


@dataclass(frozen=True)
class KittiFrame:
    """One image of KITTI's raw data: ``camera`` 2 is the left colour camera, 3 the right one."""

    day: str
    drive: str
    number: int
    camera: int = 2

    @property
    def name(self) -> str:
        """Give the image's place under the root, without its ending."""
        return f'{self.day}/{self.drive}/image_0{self.camera}/data/{self.number:010d}'


def eigen_frames() -> list[KittiFrame]:
    """Give the 697 test frames of the Eigen split, drive by drive."""
    frames = []
    for drive, runs in _EIGEN.items():
        day, number = drive[:10], drive[11:]
        frames += [KittiFrame(day, f'{day}_drive_{number}_sync', frame)
                   for frame in _expanded(runs)]
    return frames


def read_split(path: Path) -> list[KittiFrame]:
    """
    Read a list of frames, one a line, in either form that is in use.

    ``DAY/DRIVE_sync FRAME [l|r]`` or ``DAY/DRIVE_sync/image_02/data/FRAME.png ...``, days as
    2011_09_26. Raises BagError when the file cannot be read, ConfigError for another line.
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BagError(f"cannot read the list of frames '{path}': {error}") from error
    frames = [_frame(line.strip(), path, number)
              for number, line in enumerate(lines, 1) if line.strip()]
    if not frames:
        raise ConfigError(f"the list of frames '{path}' is empty")
    return frames


def _frame(line: str, path: Path, number: int) -> KittiFrame:
    if match := _SHORT_LINE.fullmatch(line):
        day, drive, frame, side = match.groups()
        return KittiFrame(day, drive, int(frame), 3 if side == 'r' else 2)
    if match := _PATH_LINE.match(line):
        day, drive, camera, frame = match.groups()
        return KittiFrame(day, drive, int(frame), int(camera))
    raise ConfigError(
        f"'{path}', line {number}: expected 'DAY/DRIVE_sync FRAME l' or "
        f"'DAY/DRIVE_sync/image_02/data/FRAME.png', e.g. '2011_09_26/2011_09_26_drive_0002_sync "
        f"69 l', got '{line}'")


def _expanded(runs: str) -> list[int]:
    step, _, rest = runs.partition(': ')
    frames: list[int] = []
    for run in rest.split():
        first, _, last = run.partition('-')
        frames += range(int(first), int(last or first) + 1, int(step))
    return frames

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
Pictures of what a model makes of real frames: image, depth, and the cloud from beside.

One row a frame, all depths of the page in one colour scale, which is drawn below. By default
the frames are those of README, from recordings whose licences allow it, the last of them a
failure. Titles and captions are given by hand: look at the picture first.

    python benchmarks/strip.py --model models/sa4depth_default.onnx --bags ../shared/bags \
        --output docs/images/hero.jpg [--frame hololens_walk:270:'an office' ...]
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError, ConfigError
from sa4depth_ros.nodes.viewer_cloud import BACKGROUND, Cloud, view_from_beside
from sa4depth_ros.runtime.colorize import colorize
from sa4depth_ros.runtime.depth_estimator import DepthEstimator, DepthFrame
from sa4depth_ros.runtime.engines import EngineOptions
from sa4depth_train.bag_index import BagIndex
from sa4depth_train.data_config import DataConfig

# Held out of the training of the shipped model, all of them.
FRAMES = ('hololens_walk:275', 'icsl_corridor:165', 'tum_fr3_structure:60', 'hololens_walk:296')
HEIGHT, GAP, BAR = 250, 4, 34
TICKS = 7


@dataclass(frozen=True)
class Choice:
    """A frame of a bag by its number, and what is written on it."""

    bag: str
    number: int
    caption: str = ''

    @classmethod
    def of(cls, text: str) -> 'Choice':
        """Read bag:number or bag:number:caption."""
        bag, _, rest = text.partition(':')
        number, _, caption = rest.partition(':')
        if not (bag and number.isdecimal()):
            raise ConfigError(f"expected BAG:NUMBER or BAG:NUMBER:CAPTION, got '{text}'")
        return cls(bag, int(number), caption)


def estimate(choice: Choice, bags: Path, estimator: DepthEstimator) -> DepthFrame:
    """Give the depth of a frame, at image resolution."""
    index = BagIndex(bags / choice.bag, DataConfig(), need_depth=False)
    try:
        if choice.number >= len(index.frames):
            raise BagError(f"bag '{choice.bag}' has {len(index.frames)} frames, got number "
                           f'{choice.number}')
        entry = index.frames[choice.number]
        rgb = index.read_image(entry)
        frame = estimator.estimate(rgb, index.camera(entry, (rgb.shape[1], rgb.shape[0])))
        frame.color()
        return frame
    finally:
        index.close()


def cloud_of(frame: DepthFrame) -> Cloud:
    """Bring the pixels that have depth into space."""
    assert frame.K is not None
    depth = frame.depth
    v, u = np.nonzero(np.isfinite(depth))
    z = depth[v, u]
    xyz = np.stack([(u - frame.K[0, 2]) / frame.K[0, 0] * z,
                    (v - frame.K[1, 2]) / frame.K[1, 1] * z, z], 1)
    return Cloud(xyz.astype(np.float32), frame.color()[v, u])


def limits(frames: Sequence[DepthFrame]) -> tuple[float, float]:
    """Choose one colour range for all frames, (near, far)."""
    values = np.concatenate([frame.depth[np.isfinite(frame.depth)] for frame in frames])
    near, far = np.percentile(values, (1, 97))
    return float(near), float(far)


def row(frame: DepthFrame, caption: str, near: float, far: float) -> NDArray[np.uint8]:
    """Lay image, depth and cloud of one frame side by side."""
    depth = colorize(frame.depth, near, far)
    image = _fitted(frame.color())
    if caption:
        _label(image, caption)
    beside = view_from_beside(cloud_of(frame), (HEIGHT * 8 // 5, HEIGHT + 28))[:HEIGHT]
    return np.hstack([image, _gap(HEIGHT), _fitted(depth), _gap(HEIGHT), beside])


def scale_bar(width: int, near: float, far: float, unit: str) -> NDArray[np.uint8]:
    """Draw the colours with their distances, linear in inverse depth as they are."""
    inverse = np.linspace(1 / near, 1 / far, width, dtype=np.float32)
    bar = np.full((BAR, width, 3), BACKGROUND, np.uint8)
    bar[:12] = colorize(np.tile(1 / inverse, (12, 1)), near, far)
    for place in np.linspace(0.02, 0.96, TICKS):
        distance = 1 / inverse[int(place * (width - 1))]
        _text(bar, f'{distance:.1f} {unit}', (int(place * width), BAR - 6))
    return bar


def _fitted(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # All alike, whatever the camera: 4:3, cut at the sides where it is wider.
    height, width = image.shape[:2]
    inside = min(width, height * 4 // 3)
    left = (width - inside) // 2
    return cv2.resize(  # type: ignore[return-value]
        np.ascontiguousarray(image[:, left:left + inside]), (HEIGHT * 4 // 3, HEIGHT),
        interpolation=cv2.INTER_AREA)


def _gap(height: int) -> NDArray[np.uint8]:
    return np.full((height, GAP, 3), 255, np.uint8)


def _label(image: NDArray[np.uint8], caption: str) -> None:
    width, _ = cv2.getTextSize(caption, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 1)[0]
    image[-24:, :width + 12] //= 3
    _text(image, caption, (6, image.shape[0] - 8))


def _text(image: NDArray[np.uint8], text: str, place: tuple[int, int]) -> None:
    cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1,
                cv2.LINE_AA)


def main() -> None:
    """Estimate, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument('--model', type=Path, required=True, help='.onnx or .safetensors')
    parser.add_argument('--bags', type=Path, required=True, help='folder of the recordings')
    parser.add_argument('--frame', action='append', dest='frames', type=str,
                        metavar='BAG:NUMBER[:CAPTION]')
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--output', type=Path, required=True, help='JPEG or PNG')
    args = parser.parse_args()
    backend = 'torch' if args.model.suffix == '.safetensors' else 'onnxruntime'
    estimator = DepthEstimator(
        args.model, backend=backend, options=EngineOptions(threads=args.threads, faithful=True))
    choices = [Choice.of(text) for text in args.frames or FRAMES]
    frames = [estimate(choice, args.bags, estimator) for choice in choices]
    near, far = limits(frames)
    lines = []
    for choice, frame in zip(choices, frames):
        lines += [row(frame, choice.caption, near, far)]
        lines += [np.full((GAP, lines[0].shape[1], 3), 255, np.uint8)]
    unit = 'm' if frames[0].unit == 'm' else ''
    page = np.vstack([*lines, scale_bar(lines[0].shape[1], near, far, unit)])
    if not cv2.imwrite(str(args.output), cv2.cvtColor(page, cv2.COLOR_RGB2BGR)):
        raise BagError(f"cannot write the picture '{args.output}'; is the folder there?")
    print(f'{args.output}: {page.shape[1]}x{page.shape[0]}, colours from {near:.2f} to '
          f'{far:.2f} {unit}')


if __name__ == '__main__':
    main()

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

"""Bilinear look-ups as sums of rows, which is what ONNX Runtime is quick at."""

from typing import Any

from onnxscript import opset18 as op

# A map is looked up in some seven times, but made into rows only once.
_PIXELS_PER_PLACE = 100


def grid_sample(
    image: Any, grid: Any, mode: int = 0, padding: int = 0, corners: bool = False,
) -> Any:
    """
    Write aten.grid_sampler as geometry/warp.py calls it, for one image and a row of places.

    As a translation for torch.onnx.export. ``image`` (1, C, H, W) becomes H W rows of C numbers,
    once for all its look-ups, and each look-up gathers the four rows around a place. ONNX
    Runtime's GridSample computes the place anew for every channel, which takes some six times
    as long. It stays where the image is large for so few places, as rows take time, too.
    """
    assert (mode, padding, corners) == (0, 1, True), 'only what warp.sample exports is known'
    (_, channels, height, width), places = image.shape, grid.shape[2]
    if min(height, width) < 2 or height * width > _PIXELS_PER_PLACE * places:
        return op.GridSample(image, grid, mode='bilinear', padding_mode='border', align_corners=1)
    index, right, down = _neighbours(grid, height, width)
    rows = op.Transpose(op.Reshape(image, [channels, -1]), perm=[1, 0])
    above, below = (_between(rows, op.Add(index, start), right) for start in (0, width))
    values = op.Add(above, op.Mul(down, op.Sub(below, above)))
    return op.Reshape(op.Transpose(values, perm=[1, 0]), [1, channels, 1, places])


def _between(rows: Any, index: Any, share: Any) -> Any:
    left, right = op.Gather(rows, index), op.Gather(rows, op.Add(index, 1))
    return op.Add(left, op.Mul(share, op.Sub(right, left)))


def _neighbours(grid: Any, height: int, width: int) -> tuple[Any, Any, Any]:
    """Give the pixel above and left of each of P places, and how far right and down (P, 1)."""
    most = [width - 1.0, height - 1.0]
    pixels = op.Mul(op.Add(op.Reshape(grid, [-1, 2]), 1.0), [side / 2 for side in most])
    pixels = op.Min(op.Relu(pixels), op.Constant(value_floats=most))
    first = op.Min(op.Floor(pixels), op.Constant(value_floats=[side - 1 for side in most]))
    right, down = op.Split(op.Sub(pixels, first), axis=1, num_outputs=2)
    # No product of matrices: TensorRT may round what goes into those.
    index = op.ReduceSum(op.Mul(first, [1.0, float(width)]), [1], keepdims=0)
    # What is no number must not become a place outside.
    return op.Clip(op.Cast(index, to=7), 0, (height - 1) * width - 2), right, down

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

"""Whether an engine computes what the model says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ModelError

# Most mean difference, 99th percentile and change of the median, all relative to the reference.
# Two correct implementations of one graph differ by rounding (TF32 on Ampere and later among
# it); int8 by one step wherever a value lies between two. A wrong one is off by tens of per cent.
_BOUNDS = {'fp32': (0.005, 0.02, 0.005), 'fp16': (0.01, 0.04, 0.01), 'int8': (0.03, 0.12, 0.02)}


@dataclass(frozen=True)
class Parity:
    """
    How far a map is from its reference, as fractions of the reference.

    ``mean``, ``p99`` and ``largest`` are of |found - expected| / |expected|, ``scale`` is
    median(found) / median(expected), ``not_finite`` the share of pixels that are no number
    where the reference has one.
    """

    mean: float
    p99: float
    largest: float
    scale: float
    not_finite: float

    def __str__(self) -> str:
        """Tell all figures in one line."""
        return (f'mean difference {self.mean:.2%}, 99th percentile {self.p99:.2%}, largest '
                f'{self.largest:.2%}, median scale {self.scale:.4f}')


def compare(found: NDArray[np.float32], expected: NDArray[np.float32]) -> Parity:
    """Compare two maps of one shape; ModelError when the shapes differ."""
    if found.shape != expected.shape:
        raise ModelError(f'expected an output of shape {expected.shape}, as ONNX Runtime gives, '
                         f'got {found.shape}')
    usable = np.isfinite(expected) & (expected != 0)
    good = usable & np.isfinite(found)
    if not good.any():
        return Parity(np.inf, np.inf, np.inf, np.nan, 1.0)
    truth, value = expected[good].astype(np.float64), found[good].astype(np.float64)
    error = np.abs(value - truth) / np.abs(truth)
    return Parity(
        mean=float(error.mean()), p99=float(np.percentile(error, 99)),
        largest=float(error.max()), scale=float(np.median(value) / np.median(truth)),
        not_finite=1.0 - float(good.sum() / usable.sum()))


def check(
    found: NDArray[np.float32], expected: NDArray[np.float32], precision: str, who: str,
) -> Parity:
    """
    Give the parity of the map ``found`` by ``who``, which computes in ``precision``.

    Raises ModelError naming every figure that is beyond its bound.
    """
    parity = compare(found, expected)
    mean, p99, scale = _BOUNDS[precision]
    figures = (('mean difference', parity.mean, mean), ('99th percentile', parity.p99, p99),
               ('change of the median', abs(parity.scale - 1), scale),
               ('share of pixels that are no number', parity.not_finite, 0.0))
    # Not "beyond": a NaN is within no bound.
    failed = [f'{name} {value:.2%}, at most {bound:.2%}' for name, value, bound in figures
              if not value <= bound]
    if failed:
        raise ModelError(
            f'{who} fails the self-check on the probe image against ONNX Runtime, so it is not '
            f"used: {'; '.join(failed)} ({precision})")
    return parity

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

"""Values of MATLAB files before version 7.3."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import BagError


def matlab_values(path: Path, name: str) -> NDArray[np.float64]:
    """Read the numbers called ``name`` from a .mat file; BagError when they are not there."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError
    try:
        content = loadmat(path)
    # scipy reports a damaged or foreign file in many ways.
    except (MatReadError, OSError, ValueError, TypeError, NotImplementedError) as error:
        raise BagError(f"cannot read the MATLAB file '{path}': {error}") from error
    if name not in content:
        there = ', '.join(key for key in content if not key.startswith('__')) or 'nothing'
        raise BagError(f"the MATLAB file '{path}' has no {name}, it has {there}; unpack the "
                       'original file again')
    return np.asarray(content[name], dtype=np.float64)

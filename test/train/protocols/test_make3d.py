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

"""Make3D's folders: the middle of the image, and the same part of the laser grid."""

from made_benchmarks import write_make3d
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.catalog import open_depth_set


def test_image_and_grid_are_cropped_to_the_middle(tmp_path) -> None:
    # 170 x 227, the shape of the real 1704 x 2272; each row has its own brightness.
    rgb = np.repeat(np.arange(227, dtype=np.uint8)[:, None, None], 170, 1).repeat(3, 2)
    grid = np.arange(55 * 305, dtype=float).reshape(55, 305)
    write_make3d(tmp_path, 'math7-p-282t0', rgb, grid)
    found = open_depth_set('make3d', tmp_path)
    assert list(found.names) == ['math7-p-282t0']
    assert found.protocol.nearest and found.protocol.max_depth == 70
    sample = found.read(0)
    assert sample.rgb.shape == (85, 170, 3) and sample.camera is None
    np.testing.assert_allclose(sample.rgb[:, 80, 0], np.arange(71, 71 + 85), atol=2)
    np.testing.assert_array_equal(sample.target, grid[17:38].astype(np.float32))


def test_what_is_another_grid_is_refused(tmp_path) -> None:
    from scipy.io import savemat
    with pytest.raises(BagError, match=r'Gridlaserdata(.|\n)*make3d\.cs\.cornell\.edu'):
        open_depth_set('make3d', tmp_path)
    write_make3d(tmp_path, 'a', np.zeros((40, 30, 3), np.uint8), np.ones((55, 305)))
    savemat(tmp_path / 'Gridlaserdata' / 'depth_sph_corr-a.mat',
            {'Position3DGrid': np.ones((5, 6, 4))})
    with pytest.raises(BagError, match=r'grid of \(5, 6, 4\); expected \(55, 305, 4\)'):
        open_depth_set('make3d', tmp_path).read(0)

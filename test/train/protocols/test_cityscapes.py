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

"""Cityscapes' folders: disparity to depth, and what of it counts."""

from made_benchmarks import write_cityscapes
import numpy as np
import pytest
from sa4depth_ros.errors import BagError
from sa4depth_train.protocols.catalog import open_depth_set
from sa4depth_train.protocols.cityscapes import disparity_depth


def test_disparity_is_stored_as_its_readme_says() -> None:
    # 0 is unknown; 1 would be disparity 0, infinitely far; 257 is one pixel.
    depth = disparity_depth(np.array([[0, 1, 257, 2561]], np.uint16), 2000.0, 0.2)
    np.testing.assert_allclose(depth, [[0, 0, 400.0, 40.0]])


def test_the_bonnet_is_cut_off_and_the_border_does_not_count(tmp_path) -> None:
    rgb = np.zeros((1024, 2048, 3), np.uint8)
    rgb[:, :, 0] = np.arange(1024)[:, None] // 4
    disparity = np.full((1024, 2048), 22.6)
    disparity[300, 400] = 0
    disparity[700, 1800] = 45.2
    write_cityscapes(tmp_path, 'berlin_000001_000019', rgb, disparity)
    found = open_depth_set('cityscapes', tmp_path)
    assert list(found.names) == ['berlin_000001_000019']
    sample = found.read(0)
    np.testing.assert_array_equal(sample.rgb, rgb[:768])
    rows, columns = (np.flatnonzero(sample.target.any(axis)) for axis in (1, 0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (256, 767, 192, 1855)
    assert np.count_nonzero(sample.target) == 512 * 1664 - 1
    assert sample.target[500, 500] == pytest.approx(2260 * 0.2 / 22.6, rel=1e-3)
    assert sample.target[700, 1800] == pytest.approx(2260 * 0.2 / 45.2, rel=1e-3)
    np.testing.assert_allclose(sample.camera.K, [[2260, 0, 1096], [0, 2250, 513], [0, 0, 1]])
    assert (sample.camera.width, sample.camera.height) == (2048, 768)


def test_what_is_missing_is_named(tmp_path) -> None:
    with pytest.raises(BagError, match=r'leftImg8bit/test(.|\n)*cityscapes-dataset\.com'):
        open_depth_set('cityscapes', tmp_path)
    write_cityscapes(tmp_path, 'bonn_000001_000019', np.zeros((8, 16, 3), np.uint8),
                     np.ones((8, 16)))
    with pytest.raises(BagError, match=r'are \(16, 8\) and \(16, 8\); expected \(2048, 1024\)'):
        open_depth_set('cityscapes', tmp_path).read(0)
    camera = tmp_path / 'camera' / 'test' / 'bonn' / 'bonn_000001_000019_camera.json'
    camera.unlink()
    with pytest.raises(BagError, match='camera/test/bonn/bonn_000001_000019_camera.json is not'):
        open_depth_set('cityscapes', tmp_path)

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

"""The viewer's figures, pictures and cloud files; no ROS process needed."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from sa4depth_ros.nodes.viewer_cloud import (
    Cloud, cloud_from_bytes, colors_from_bytes, view_from_beside, write_ply)
from sa4depth_ros.nodes.viewer_figures import Figures, Stream
from sa4depth_ros.nodes.viewer_pictures import save_picture, side_by_side
from sa4depth_ros.runtime.point_cloud import CloudBuilder

STATUS = {'frames_in': '50', 'frames_out': '48', 'dropped': '2', 'dropped_newer': '2',
          'latency_engine_median_ms': '20.00', 'unit': 'm', 'model': 'tiny 1', 'backend': 'x'}


def test_rate_and_latency_of_a_stream() -> None:
    """Ten messages a second, each 40 ms old, one of them 100 ms."""
    stream = Stream()
    for index in range(21):
        stream.add(100.0 + 0.1 * index, 100.0 + 0.1 * index - (0.1 if index == 7 else 0.04))
    assert len(stream) == 21 and stream.rate() == pytest.approx(10.0)
    assert stream.age(50) == pytest.approx(0.04) and stream.age(100) == pytest.approx(0.1)
    assert stream.longest_gap() == pytest.approx(0.1)
    assert np.isnan(Stream().age(50)) and Stream().rate() == 0.0


def test_summary_tells_latency_and_the_engines_share() -> None:
    """The node's 20 ms of engine are half of 40 ms; drops are those the node counted."""
    figures = Figures()
    for index in range(11):
        figures.depth.add(1.0 + 0.1 * index, 1.0 + 0.1 * index - 0.04)
    figures.note_status(0, 'running', STATUS)
    told = figures.summary()
    assert told['latency_median_ms'] == 40.0 and told['fps'] == 10.0
    assert told['engine_median_ms'] == 20.0 and told['engine_share'] == 0.5
    assert told['dropped'] == 2 and told['dropped_by_cause'] == {'newer': 2}
    assert told['received_depth'] == 11 and told['unit'] == 'm'
    assert figures.live_line(2.1) == '10.0 fps, latency 40 ms, dropped 2'


def test_figures_of_the_run_outlast_its_end() -> None:
    """After the last frame the node is STALE without latencies, but its counts still rise."""
    figures = Figures()
    figures.note_status(0, 'running', STATUS)
    figures.note_status(3, 'no image arrives', {'frames_in': '51', 'dropped': '3',
                                                'dropped_newer': '3'})
    told = figures.summary()
    assert told['engine_median_ms'] == 20.0 and told['node_says'] == 'running'
    assert told['node_frames_in'] == 51 and told['dropped'] == 3


def test_without_any_frame_the_summary_is_empty_but_whole() -> None:
    """No NaN gets into the JSON, and the node's own words are kept."""
    figures = Figures()
    figures.note_status(3, "no image arrives on '/x'", {'frames_in': '0', 'dropped': '0'})
    told = figures.summary()
    assert told['fps'] == 0.0 and told['latency_median_ms'] is None
    assert told['node_says'] == "no image arrives on '/x'"
    assert figures.live_line(5.0) == 'waiting for depth'


def test_picture_shows_colour_beside_depth(tmp_path: Path) -> None:
    """Colour on the left, invalid black and two different depths on the right."""
    depth = np.full((300, 560), 1.0, np.float32)
    depth[:, 280:] = 4.0
    depth[:50] = np.nan
    color = np.full((300, 560, 3), (10, 200, 30), np.uint8)
    page = side_by_side(color, depth, limits=(1.0, 4.0), unit='m', title='test')
    assert (page[150, 200] == (10, 200, 30)).all()
    assert (page[50, 800] == 0).all()
    left, right = page[300, 700].astype(int), page[300, 1000].astype(int)
    assert np.abs(left - right).max() > 60
    save_picture(str(tmp_path / 'page.png'), page)
    assert (cv2.imread(str(tmp_path / 'page.png'))[..., ::-1] == page).all()


@pytest.mark.parametrize('shape', [(480, 640), (128, 416), (192, 640), (48, 64)])
def test_picture_of_any_size_and_missing_colour(shape: tuple[int, int]) -> None:
    """Odd aspects, other colour sizes and a lost image give a page all the same."""
    depth = np.full(shape, 2.0, np.float32)
    for color in (None, np.zeros((240, 320, 3), np.uint8)):
        page = side_by_side(color, depth, limits=(0.5, 3.0), unit='relative', title='x')
        assert page.shape[1] > 2 * 240 and page.dtype == np.uint8


def test_cloud_of_the_runtime_survives_the_ply(tmp_path: Path) -> None:
    """Points and colours written are those that the cloud message holds; invalid ones go."""
    depth = np.full((6, 8), 2.0, np.float32)
    depth[0, 0], depth[1, 1] = np.nan, np.inf
    K = np.array([[10.0, 0, 3.5], [0, 10.0, 2.5], [0, 0, 1]])
    rgb = np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8)
    data = np.zeros(6 * 8 * 16, np.uint8)
    CloudBuilder().fill(data, depth, K, rgb)
    cloud = cloud_from_bytes(data, {'x': 0, 'y': 4, 'z': 8, 'rgb': 12}, 16)
    assert len(cloud.xyz) == 46
    assert np.allclose(cloud.xyz[-1], ((7 - 3.5) / 10 * 2, (5 - 2.5) / 10 * 2, 2.0))
    assert (cloud.rgb[-1] == rgb[5, 7]).all()
    write_ply(tmp_path / 'cloud.ply', cloud)
    header, body = (tmp_path / 'cloud.ply').read_bytes().split(b'end_header\n', 1)
    assert header.startswith(b'ply\nformat binary_little_endian 1.0\n')
    assert b'element vertex 46\n' in header and b'property uchar red' in header
    kind = np.dtype([('xyz', '<f4', 3), ('rgb', 'u1', 3)])
    points = np.frombuffer(body, kind)
    assert np.array_equal(points['xyz'], cloud.xyz) and np.array_equal(points['rgb'], cloud.rgb)


def test_view_from_the_left_moves_near_things_to_the_right() -> None:
    """Parallax: from the left, a near point appears further right than a far one behind it."""
    rng = np.random.default_rng(0)
    far = np.stack([rng.uniform(-2, 2, 4000), rng.uniform(-1.5, 1.5, 4000),
                    np.full(4000, 4.0)], 1)
    near = np.stack([rng.uniform(-0.1, 0.1, 400), rng.uniform(-0.1, 0.1, 400),
                     np.full(400, 2.0)], 1)
    rgb = np.array([[0, 0, 255]] * 4000 + [[255, 0, 0]] * 400, np.uint8)
    image = view_from_beside(Cloud(np.concatenate([far, near]).astype(np.float32), rgb))
    red = np.nonzero((image == (255, 0, 0)).all(-1))
    blue = np.nonzero((image == (0, 0, 255)).all(-1))
    assert len(red[0]) > 50
    assert red[1].mean() > blue[1].mean() + 40
    # Seen from above, a near point is lower in the picture.
    assert red[0].mean() > blue[0].mean() + 20


def test_view_of_an_empty_cloud_is_an_empty_picture() -> None:
    """No points, no failure."""
    empty = Cloud(np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8))
    assert view_from_beside(empty).shape == (640, 960, 3)


def test_colors_of_a_cloud_are_an_image_also_where_depth_is_invalid() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    depth = np.full((4, 6), np.nan, np.float32)
    data = np.zeros(4 * 6 * 16, np.uint8)
    CloudBuilder().fill(data, depth, np.eye(3), rgb)
    np.testing.assert_array_equal(colors_from_bytes(data, (4, 6), 12, 16), rgb)


def test_odometry_is_told_of_only_when_there_is_some() -> None:
    """Losses and unit are those that the pose node counted while frames came."""
    figures = Figures()
    assert not any('odometry' in key for key in figures.summary())
    figures.odometry.add(2.0, 1.93)
    figures.note_pose_status('tracking', {
        'latency_stamp_to_publish_median_ms': '60.0', 'losses': '1', 'unit': 'relative'})
    figures.note_pose_status('no image arrives', {'losses': '1', 'unit': ''})
    told = figures.summary()
    assert told['received_odometry'] == 1 and told['odometry_latency_median_ms'] == 70.0
    assert told['odometry_losses'] == 1 and told['odometry_unit'] == 'relative'
    assert told['pose_node_says'] == 'tracking'

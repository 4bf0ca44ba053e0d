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

"""The service ~/calibrate over real DDS: a planted scale is found, used at once and kept."""

import pytest
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.depth_estimator import DepthEstimator
from scale_bench import PLANTED, ScaleBench

pytest.importorskip('torch')


@pytest.fixture
def start(start_bench):
    benches = []

    def make(reference, **options):
        benches.append(start_bench(kind=_of(reference), **options))
        benches[-1].change(scale_reference=reference)
        return benches[-1]
    yield make
    for bench in benches:
        bench.close()


def _of(reference):
    return lambda *given, **options: ScaleBench(*given, kind=reference, **options)


@pytest.mark.parametrize('reference', ['depth', 'lidar', 'odometry'])
def test_a_planted_scale_is_found_used_and_kept(start, reference):
    bench = start(reference)
    assert bench.ratio_of_next_depth() == pytest.approx(1 / PLANTED, rel=0.03)
    response = bench.calibrate()
    print(response.message)
    assert response.success, response.message
    assert bench.ratio_of_next_depth() == pytest.approx(1.0, rel=0.03)
    record = ModelCard.from_yaml(bench.folder / 'blue.yaml').cameras['front_optical']
    assert record.scale == pytest.approx(PLANTED, rel=0.02)
    assert record.low < PLANTED < record.high

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

"""Domains that do not meet."""

import subprocess
import sys

import pytest
from sa4depth_ros.cli.dds_domain import claim_domain, DOMAINS

CLAIM = 'from sa4depth_ros.cli.dds_domain import claim_domain; print(claim_domain())'


def test_nobody_gets_a_domain_twice() -> None:
    mine = [claim_domain() for _ in range(3)]
    other = int(subprocess.check_output([sys.executable, '-c', CLAIM], timeout=60))
    assert len({*mine, other}) == 4
    assert {*mine, other} <= set(DOMAINS)


@pytest.mark.parametrize('users', ['0', '42', '', 'none'])
def test_the_domain_of_the_user_is_left_alone(
        users: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_DOMAIN_ID', users)
    assert str(claim_domain()) != users


def test_without_a_place_for_locks_there_still_is_one(
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('tempfile.gettempdir', lambda: '/nowhere')
    assert claim_domain() in DOMAINS

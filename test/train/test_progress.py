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

"""Counting epochs and finding the best; Ctrl-C waits once."""

import os
import signal

import pytest
from sa4depth_train import interruption
from sa4depth_train.interruption import Interruption
from sa4depth_train.progress import Progress


def test_the_smallest_score_is_the_best() -> None:
    progress = Progress(1)
    scores = [3.0, 2.0, 2.0, 4.0, None, 1.0]
    assert [progress.finish_epoch({'score': score}) for score in scores] == [
        True, True, False, False, True, True]
    assert progress.epoch == 6


def test_losses_are_averaged_over_the_steps_of_one_epoch() -> None:
    progress = Progress(1)
    progress.count({'loss': 1.0, 'silog': 4.0})
    progress.count({'loss': 3.0, 'silog': 0.0})
    assert (progress.step, progress.means) == (2, {'loss': 2.0, 'silog': 2.0})
    progress.finish_epoch({'score': None})
    assert (progress.step, progress.means) == (0, {})


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_noted_and_what_follows_at_once_is_the_same(number) -> None:
    before = signal.getsignal(number)
    with Interruption() as interrupted:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert interrupted.requested
    assert signal.getsignal(number) is before


def test_a_second_signal_does_not_wait(monkeypatch) -> None:
    monkeypatch.setattr(interruption, '_SAME_SECONDS', 0.0)
    with Interruption():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)

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

"""How far a training run is."""

from typing import Any

from sa4depth_ros.errors import ConfigError


class Progress:
    """
    How far a run is; ``step`` counts within ``epoch``, ``history`` has finished epochs.

    ``sums`` are those of the losses in this epoch, means over ``processes``; ``counts`` says of
    how many steps each, for not every step has every loss.
    """

    def __init__(self, processes: int) -> None:
        self.processes = processes
        self.epoch, self.step = 0, 0
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.history: list[dict[str, Any]] = []

    def state_dict(self) -> dict[str, Any]:
        """Give everything that is needed to go on later."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from ``state``; ConfigError when another number of processes wrote it."""
        if state['processes'] != self.processes:
            raise ConfigError(
                f"the run to resume had {state['processes']} process(es), this one has "
                f'{self.processes}; its batches would be others. Start as many as before')
        # States of earlier versions were of runs in which every step had every loss.
        vars(self).update({'counts': dict.fromkeys(state['sums'], state['step'])} | state)

    def count(self, losses: dict[str, float]) -> None:
        """Note that one more step of the epoch is done, with these ``losses``."""
        self.step += 1
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    @property
    def means(self) -> dict[str, float]:
        """Mean of every loss in this epoch so far."""
        return {name: value / self.counts[name] for name, value in self.sums.items()}

    def finish_epoch(self, entry: dict[str, Any]) -> bool:
        """
        Add ``entry`` to the history and begin the next epoch; true if it is the best so far.

        Its ``score`` is the smaller the better; None, as without held-out data, is always
        the best.
        """
        scores = [old['score'] for old in self.history if old['score'] is not None]
        best = entry['score'] is None or entry['score'] < min(scores, default=float('inf'))
        self.history.append(entry)
        self.epoch, self.step, self.sums, self.counts = self.epoch + 1, 0, {}, {}
        return best

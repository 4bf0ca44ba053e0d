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

"""
The command `sa4depth`, watched: a test starts it in several processes.

Each process leaves a hash of its weights in $WATCH_FOLDER. $STOP_AT: the step, counted from 1,
at which the last process has the launcher get Ctrl-C; $BREAK_AT: at which its loss is no number.
"""

import hashlib
import os
from pathlib import Path
import signal
import sys
import time

from sa4depth_ros.cli import main
from sa4depth_train import trainer
import torch


class WatchedTrainer(trainer.Trainer):
    """A trainer that breaks or stops when it is told to, and tells what it has learned."""

    def run(self):
        finished = super().run()
        digest = hashlib.sha256()
        for model in (self._accelerator.unwrap_model(self._model), self._average.model):
            for value in (*model.parameters(), *self._average.model.buffers()):
                digest.update(value.detach().numpy().tobytes())
        name = f'rank_{self._accelerator.process_index}'
        Path(os.environ['WATCH_FOLDER'], name).write_text(digest.hexdigest(), encoding='utf-8')
        return finished

    def _step(self, batch):
        number = self._progress.epoch * self.steps_per_epoch + self._progress.step + 1
        if self._accelerator.is_last_process:
            if number == int(os.environ.get('STOP_AT', '0')):
                os.kill(os.getppid(), signal.SIGINT)
                # Not signal.pause(): the launcher may pass the signal on before it begins.
                while not self._interruption.requested:
                    time.sleep(0.01)
            if number == int(os.environ.get('BREAK_AT', '0')):
                batch['image'] = batch['image'] * torch.nan
        return super()._step(batch)


if __name__ == '__main__':
    trainer.Trainer = WatchedTrainer
    sys.exit(main.main(sys.argv[1:]))

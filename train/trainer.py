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

"""The training loop: steps, validation, checkpoints, interruption and resume."""

from collections.abc import Iterator
import math
import shutil
import signal
from types import FrameType
from typing import Any

from accelerate import Accelerator
import numpy as np
from sa4depth_ros.errors import BagError, ModelError
from sa4depth_ros.networks.depth_net import canonical_factor, DepthNet
from sa4depth_ros.networks.factory import save_checkpoint
from sa4depth_train.averaging import AveragedWeights
from sa4depth_train.bag_dataset import BagFrames, DepthDataset
from sa4depth_train.checkpoint import make_card, start_network
from sa4depth_train.config import LossConfig, TrainConfig
from sa4depth_train.losses import gradient_error, silog
from sa4depth_train.run_folder import RunFolder
from sa4depth_train.validation import validate
import torch
from torch import nn, Tensor
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

Batch = dict[str, Any]


class Progress:
    """How far a run is; ``step`` counts within ``epoch``, ``history`` has finished epochs."""

    def __init__(self) -> None:
        self.epoch, self.step = 0, 0
        self.loss_sum = 0.0
        self.history: list[dict[str, Any]] = []

    def state_dict(self) -> dict[str, Any]:
        """Give everything that is needed to go on later."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from ``state``."""
        vars(self).update(state)

    @property
    def best(self) -> float:
        """Smallest mean held-out AbsRel so far."""
        return min((entry['abs_rel'] for entry in self.history), default=math.inf)


class Trainer:
    """One supervised training run in its folder, new or resumed."""

    def __init__(self, run: RunFolder, *, resume: bool = False) -> None:
        """Read the bags and build the network; raises Sa4DepthError with the reason."""
        self._run, config = run, run.config
        self._config = config
        torch.manual_seed(config.seed)
        if config.threads:
            torch.set_num_threads(config.threads)
        self._accelerator = Accelerator(mixed_precision=config.mixed_precision)
        self._size = (config.network.input_width, config.network.input_height)
        self._frames = BagFrames([bag.path for bag in run.bags], config.data, self._size)
        self._dataset = DepthDataset(self._frames, self._frames.train, self._size,
                                     config.augmentation, config.seed)
        if not self._frames.train:
            raise BagError('the bags have no frames to train on')
        self._prepare(start_network(config))
        self._progress = Progress()
        self._accelerator.register_for_checkpointing(
            self._schedule, self._average, self._progress)
        self._stop = False
        if resume:
            self._accelerator.load_state(str(run.state))

    def _prepare(self, network: DepthNet) -> None:
        # channels_last is what convolutions on both CPU and GPU are fastest with.
        network = network.to(self._accelerator.device, memory_format=torch.channels_last)
        self._average = AveragedWeights(network, self._config.optimizer.ema)
        optimizer = torch.optim.AdamW(parameter_groups(network, self._config),
                                      lr=self._config.optimizer.lr)
        self._schedule = OneCycleLR(
            optimizer, [group['lr'] for group in optimizer.param_groups],
            total_steps=self._config.epochs * self.steps_per_epoch,
            pct_start=self._config.optimizer.warmup, cycle_momentum=False)
        self._network, self._optimizer = self._accelerator.prepare(network, optimizer)

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one pass over the training frames."""
        together = self._config.batch_size * self._accelerator.num_processes
        return max(1, len(self._frames.train) // together)

    def run(self) -> bool:
        """
        Train to the end; false when the user stopped it before, with its state saved.

        Raises ModelError when the loss is no longer a number.
        """
        before = {s: signal.signal(s, self._on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            with SummaryWriter(str(self._run.tensorboard)) as log:
                while self._progress.epoch < self._config.epochs and not self._stop:
                    self._train_epoch(log)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._progress.epoch == self._config.epochs

    @property
    def history(self) -> list[dict[str, Any]]:
        """Loss and held-out metrics of every finished epoch."""
        return self._progress.history

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # The step in progress ends first; a second signal does not wait.
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True

    def _train_epoch(self, log: SummaryWriter) -> None:
        progress = self._progress
        self._network.train()
        if self._config.optimizer.freeze_encoder_norm:
            freeze_norm(self._accelerator.unwrap_model(self._network).encoder)
        with tqdm(total=self.steps_per_epoch, initial=progress.step, disable=None,
                  desc=f'epoch {progress.epoch + 1}/{self._config.epochs}') as bar:
            for batch in self._batches():
                loss = self._step(batch)
                progress.step += 1
                progress.loss_sum += loss
                bar.update()
                bar.set_postfix(loss=f'{progress.loss_sum / progress.step:.3f}')
                self._log_step(log, loss)
                if self._stop:
                    break
        if progress.step == self.steps_per_epoch:
            self._finish_epoch(log)
        self._save_state()

    def _step(self, batch: Batch) -> float:
        image, depth, focal = (batch[key].to(self._accelerator.device)
                               for key in ('image', 'depth', 'focal'))
        with self._accelerator.autocast():
            prediction = self._network(image.contiguous(memory_format=torch.channels_last))
        loss = total_loss(prediction, depth / focal, self._config.loss)
        if not torch.isfinite(loss):
            raise ModelError(
                f'the loss became {loss.item()} in epoch {self._progress.epoch + 1}, step '
                f"{self._progress.step + 1}, on: {', '.join(batch['name'])}. Look at these "
                'frames, or lower optimizer.lr')
        self._accelerator.backward(loss)
        self._accelerator.clip_grad_norm_(self._network.parameters(), self._config.optimizer.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._schedule.step()
        self._average.update(self._accelerator.unwrap_model(self._network))
        return float(loss.detach())

    def _batches(self) -> Iterator[Batch]:
        self._dataset.epoch = self._progress.epoch
        rng = np.random.default_rng((self._config.seed, self._progress.epoch))
        order = rng.permutation(len(self._dataset))
        size, many = self._config.batch_size, self._accelerator.num_processes
        batches = [order[i:i + size].tolist() for i in range(0, len(order), size)]
        mine = batches[self._accelerator.process_index::many]
        mine = mine[self._progress.step:self.steps_per_epoch]
        for batch in DataLoader(self._dataset, batch_sampler=mine,
                                num_workers=self._config.data.workers):
            batch['focal'] = canonical_factor(batch['K'], self._config.network)
            yield batch

    def _finish_epoch(self, log: SummaryWriter) -> None:
        progress = self._progress
        metrics = validate(self._average.network, self._frames, self._size, self._config)
        errors = [values['abs_rel'] for values in metrics.values() if 'abs_rel' in values]
        # Without a held-out part the last epoch counts as the best.
        entry = {'epoch': progress.epoch + 1, 'loss': progress.loss_sum / max(1, progress.step),
                 'abs_rel': float(np.mean(errors)) if errors else -float(progress.epoch),
                 'heldout': metrics}
        better = entry['abs_rel'] < progress.best
        progress.history.append(entry)
        progress.epoch, progress.step, progress.loss_sum = progress.epoch + 1, 0, 0.0
        if self._accelerator.is_main_process:
            self._publish(log, entry, better)

    def _publish(self, log: SummaryWriter, entry: dict[str, Any], better: bool) -> None:
        print(epoch_line(entry), flush=True)
        for bag, values in entry['heldout'].items():
            for name, value in values.items():
                log.add_scalar(f'heldout_{bag}/{name}', value, entry['epoch'])
        card = make_card(self._run, entry['heldout'])
        save_checkpoint(self._run.last, self._average.network, card)  # type: ignore[arg-type]
        if better:
            shutil.copyfile(self._run.last, self._run.best)
        self._run.write_metrics(self._progress.history)

    def _log_step(self, log: SummaryWriter, loss: float) -> None:
        step = self._progress.epoch * self.steps_per_epoch + self._progress.step
        log.add_scalar('train/loss', loss, step)
        log.add_scalar('train/lr', self._schedule.get_last_lr()[-1], step)

    def _save_state(self) -> None:
        temporary = self._run.path / 'state.tmp'
        self._accelerator.save_state(str(temporary))
        if self._accelerator.is_main_process:
            # An interrupt while saving must not cost the last good state.
            shutil.rmtree(self._run.state, ignore_errors=True)
            temporary.rename(self._run.state)
        self._accelerator.wait_for_everyone()


def total_loss(prediction: Tensor, target: Tensor, config: LossConfig) -> Tensor:
    """Give SILog plus the weighted gradient error; a target of 0 is unknown."""
    valid = target > 0
    loss = silog(prediction, target, valid, config.silog_mean)
    if config.gradient > 0:
        loss = loss + config.gradient * gradient_error(prediction, target, valid)
    return loss


def parameter_groups(network: DepthNet, config: TrainConfig) -> list[dict[str, Any]]:
    """Split parameters: the encoder learns slower, norms and biases do not decay."""
    settings = config.optimizer
    groups = []
    for of_encoder in (True, False):
        for decays in (True, False):
            chosen = [p for name, p in network.named_parameters()
                      if name.startswith('encoder.') == of_encoder and (p.ndim > 1) == decays]
            groups.append({'params': chosen,
                           'lr': settings.lr * (settings.encoder_lr if of_encoder else 1),
                           'weight_decay': settings.weight_decay if decays else 0.0})
    return groups


def freeze_norm(module: nn.Module) -> None:
    """Make batch norms use their stored statistics; their scale and shift still learn."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def epoch_line(entry: dict[str, Any]) -> str:
    """Sum an epoch up in one line for people."""
    bags = '  '.join(
        f"{bag}: abs_rel {v['abs_rel']:.3f} scaled {v['scaled_abs_rel']:.3f} "
        f"delta1 {v['delta1']:.3f}" for bag, v in entry['heldout'].items() if 'abs_rel' in v)
    return f"epoch {entry['epoch']}  loss {entry['loss']:.3f}  {bags}"

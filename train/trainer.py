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

"""The training loop of every recipe: steps, validation, checkpoints, interruption, resume."""

from collections.abc import Iterator
from dataclasses import replace
import math
import os
import shutil
import time
from typing import Any

from accelerate import Accelerator, DistributedDataParallelKwargs, PartialState
from accelerate.utils import broadcast, gather_object
import numpy as np
from sa4depth_ros.errors import BagError, ConfigError, ModelError
from sa4depth_train.averaging import AveragedWeights
from sa4depth_train.batch_plan import batch_plan, steps_of
from sa4depth_train.frame_cache import cache_root
from sa4depth_train.interruption import Interruption
from sa4depth_train.learning_rate import learning_rate
from sa4depth_train.loading import Batch, EpochLoader
from sa4depth_train.processes import agree, processes, use_cpu
from sa4depth_train.progress import Progress
from sa4depth_train.recipes.recipe import build_recipe
from sa4depth_train.run_folder import RunFolder
from sa4depth_train.training_log import TrainingLog
import torch
from torch import Tensor
from tqdm import tqdm


class Trainer:
    """One training run in its folder, new or resumed; in each of its processes there is one."""

    def __init__(self, run: RunFolder, *, resume: bool = False) -> None:
        """Read the bags and build the networks; raises Sa4DepthError with the reason."""
        self._run, self._config = run, run.config
        state = processes()
        torch.manual_seed(self._config.seed)
        if self._config.threads:
            torch.set_num_threads(self._config.threads)
        self._recipe = build_recipe(_as_seen_here(run, state, resume=resume), state.device)
        self._accelerator = Accelerator(
            cpu=use_cpu(), mixed_precision=self._config.mixed_precision, kwargs_handlers=[
                DistributedDataParallelKwargs(
                    find_unused_parameters=self._recipe.find_unused_parameters)])
        self._main = self._accelerator.is_main_process
        self._check_size()
        if state.process_index:
            # The same first weights everywhere, but other random numbers in the losses.
            torch.manual_seed(self._config.seed + state.process_index)
        self._loader = EpochLoader(
            self._recipe.dataset, self._accelerator.device, self._config.data.workers)
        self._prepare()
        self._progress = Progress(self._accelerator.num_processes)
        self._accelerator.register_for_checkpointing(
            self._schedule, self._average, self._progress)
        self._interruption = Interruption()
        self._stop = False
        if resume:
            self._accelerator.load_state(str(run.state))

    def _check_size(self) -> None:
        many = self._accelerator.num_processes
        together = self._config.batch_size * many
        counts = gather_object([self._samples]) if many > 1 else [self._samples]
        if not min(counts):
            raise BagError('the bags have no frames to train on')
        if min(counts) != max(counts):
            raise BagError(f'expected the same training samples in all processes, got {counts}; '
                           'do all machines have the same bags?')
        fewest = min(len(group) for group in self._recipe.groups)
        if many > 1 and fewest < together:
            raise ConfigError(
                f'{fewest} training samples are too few for {together} at once '
                '(batch_size times processes); lower batch_size or start fewer processes')

    def _prepare(self) -> None:
        settings = self._config.optimizer
        model = self._recipe.model
        self._average = AveragedWeights(model, settings.ema)
        optimizer = torch.optim.AdamW(self._recipe.parameter_groups(model), lr=settings.lr)
        self._schedule = learning_rate(
            optimizer, settings, self._config.epochs * self.steps_per_epoch)
        # On a GPU the fastest convolutions are found by trying; the CPU repeats bit for bit.
        torch.backends.cudnn.benchmark = True
        self._model, self._optimizer = self._accelerator.prepare(model, optimizer)

    @property
    def _samples(self) -> int:
        return len(self._recipe.dataset)  # type: ignore[arg-type]

    @property
    def steps_per_epoch(self) -> int:
        """Optimizer steps in one epoch."""
        return sum(steps_of(group, self._config.batch_size, self._accelerator.num_processes)
                   for group in self._recipe.groups)

    @property
    def history(self) -> list[dict[str, Any]]:
        """Losses and held-out metrics of every finished epoch."""
        return self._progress.history

    def run(self) -> bool:
        """
        Train to the end; false when the user stopped it before, with its state saved.

        Raises ModelError when the loss is no longer a number.
        """
        if self._main:
            print(*self._recipe.notes, sep='\n', flush=True)
        with self._interruption, TrainingLog(self._run if self._main else None) as log:
            while self._progress.epoch < self._config.epochs and not self._stop:
                self._train_epoch(log)
        return self._progress.epoch == self._config.epochs

    def _train_epoch(self, log: TrainingLog) -> None:
        progress = self._progress
        self._model.train()
        self._recipe.begin_epoch(self._accelerator.unwrap_model(self._model), progress.epoch)
        start, waited, before = time.perf_counter(), self._loader.waited, progress.step
        with tqdm(total=self.steps_per_epoch, initial=before, disable=None if self._main else True,
                  desc=f'epoch {progress.epoch + 1}/{self._config.epochs}') as bar:
            for batch in self._batches():
                losses = self._step(batch)
                progress.count(losses)
                bar.update()
                bar.set_postfix(loss=f"{progress.means['loss']:.3f}")
                log.step(progress.epoch * self.steps_per_epoch + progress.step, losses,
                         self._schedule.get_last_lr()[-1])
                if self._stop:
                    break
        seconds = time.perf_counter() - start
        log.speed(progress.epoch + 1, seconds=seconds, waited=self._loader.waited - waited,
                  samples=(progress.step - before) * self._config.batch_size * progress.processes)
        if progress.step == self.steps_per_epoch:
            self._finish_epoch(log)
        self._save_state()

    def _batches(self) -> Iterator[Batch]:
        progress, rank = self._progress, self._accelerator.process_index
        rng = np.random.default_rng((self._config.seed, progress.epoch))
        plan = batch_plan(self._recipe.groups, self._config.batch_size, progress.processes, rng)
        return self._loader.batches(progress.epoch,
                                    [step[rank] for step in plan[progress.step:]])

    def _step(self, batch: Batch) -> dict[str, float]:
        """Train on one batch; gives the losses, means over all processes."""
        losses = self._model(batch)
        self._accelerator.backward(losses['loss'])
        norm = self._accelerator.clip_grad_norm_(
            self._model.parameters(), self._config.optimizer.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        if not self._accelerator.optimizer_step_was_skipped:
            self._schedule.step()
        self._average.update(self._accelerator.unwrap_model(self._model))
        return self._reported({name: value.detach() for name, value in losses.items()},
                              norm, batch['name'])

    def _reported(
        self, losses: dict[str, Tensor], norm: Tensor, names: list[str],
    ) -> dict[str, float]:
        """Tell all processes of one's losses and of a wish to stop; one look at the GPU."""
        stop = float(self._interruption.requested)
        own = torch.stack([*losses.values(), norm, norm.new_tensor(stop)])
        rows = self._accelerator.gather(own[None].float()).cpu().double().numpy()
        self._stop = bool(rows[:, -1].any())
        means = dict(zip([*losses, 'gradient_norm'], rows[:, :-1].mean(axis=0).tolist()))
        # Half precision makes infinite gradients now and then; its scaler skips these steps.
        checked = {name: means[name] for name in ('loss', 'gradient_norm')
                   if name == 'loss' or self._config.mixed_precision != 'fp16'}
        wrong = [name for name, value in checked.items() if not math.isfinite(value)]
        if wrong:
            place = list(means).index(wrong[0])
            self._complain(wrong[0], rows[:, place], means, names)
        return means

    def _complain(
        self, what: str, values: 'np.ndarray[Any, Any]', means: dict[str, float],
        names: list[str],
    ) -> None:
        guilty = np.flatnonzero(~np.isfinite(values)).tolist()
        everyones = gather_object([names])
        samples = ', '.join(name for number in guilty for name in everyones[number])
        where = '' if len(values) == 1 else f' in process {", ".join(map(str, guilty))}'
        parts = ', '.join(f'{name} {value:.3g}' for name, value in means.items())
        raise ModelError(
            f"the {what.replace('_', ' ')} became {values[guilty[0]]} in epoch "
            f'{self._progress.epoch + 1}, step {self._progress.step + 1}{where}, on: {samples}. '
            f'Look at these frames, or lower optimizer.lr. All figures of the step: {parts}')

    def _finish_epoch(self, log: TrainingLog) -> None:
        self._same_buffers()
        heldout = agree(lambda: self._recipe.validate(self._average.model))
        score = self._recipe.score(heldout)
        means = self._progress.means
        entry = {'epoch': self._progress.epoch + 1, 'loss': means['loss'], 'losses': means,
                 'score': score if math.isfinite(score) else None, 'heldout': heldout}
        best = self._progress.finish_epoch(entry)
        agree(lambda: self._publish(log, entry, best=best))
        requested = torch.tensor([float(self._interruption.requested)],
                                 device=self._accelerator.device)
        self._stop = self._stop or bool(self._accelerator.gather(requested).any())

    def _same_buffers(self) -> None:
        """Give all processes the batch-norm statistics of the main one; weights are alike."""
        if self._accelerator.num_processes > 1:
            for buffer in self._average.model.buffers():
                buffer.copy_(broadcast(buffer.clone()))

    def _publish(self, log: TrainingLog, entry: dict[str, Any], *, best: bool) -> None:
        print(self._recipe.epoch_line(entry), flush=True)
        log.heldout(entry['epoch'], entry['heldout'])
        self._recipe.save(self._run.last, self._average.model, entry['heldout'])
        if best:
            shutil.copyfile(self._run.last, self._run.best)
        self._run.write_metrics(self._progress.history)

    def _save_state(self) -> None:
        temporary, old = (self._run.path / f'state.{name}' for name in ('tmp', 'old'))
        self._accelerator.save_state(str(temporary))
        self._accelerator.wait_for_everyone()
        if self._main:
            # An interrupt while saving must not cost the last good state.
            if self._run.state.exists():
                self._run.state.rename(old)
            temporary.rename(self._run.state)
            shutil.rmtree(old, ignore_errors=True)
        self._accelerator.wait_for_everyone()


def _as_seen_here(run: RunFolder, state: PartialState, *, resume: bool) -> RunFolder:
    """Give the run as this process shall read it; what it keeps and saves stays the same."""
    config = run.config
    if resume:
        # The state to resume has the weights; the first ones need not be there any more.
        config = replace(config, initial_weights='random')
    one_machine = state.num_processes == int(os.environ.get('LOCAL_WORLD_SIZE', '0'))
    if state.num_processes > 1 and one_machine and not config.data.cache_dir:
        folder = agree(lambda: str(cache_root('')))
        config = replace(config, data=replace(config.data, cache_dir=folder))
    return replace(run, config=config)

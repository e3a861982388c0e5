"""The training loop: what is done with each batch of a run, and what is looked at and kept."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from mol_edge.errors import InputError, OptionError
from training.checkpoints import LAST
from training.clock import Clock
from training.config import FitConfig
from training.curves import CsvLog, draw_curves
from training.datasets import Splits
from training.device import open_device
from training.forward import forward
from training.freeze import freeze
from training.head_phase import HeadPhase
from training.loader import Batch, BatchMaker, Prefetcher
from training.losses import Losses, balanced_weights, joint_loss
from training.options import Phase
from training.schedule import learning_rate, set_rate
from training.selection import Selection
from training.state import TrainingState
from training.validation import normalised, truth_of

log = logging.getLogger(__name__)


class Trainer:
    """Trains one network; see `training.fit.fit`.

    Attributes:
        state: the network and what goes on changing with it.
        history: loss of every step since the start or the resumption.

    Raises:
        OptionError: the configuration does not go with the data.
        DeviceError: the device or precision is not there.
    """

    def __init__(self, config: FitConfig, data: Splits, out: Path) -> None:
        _check(config, data)
        self._config, self._data, self._out = config, data, out
        self._compute = open_device(config.run)
        self.state = TrainingState.fresh(config, data.train, self._compute)
        classes = config.model.classes
        balanced = config.loss.balanced
        weights = balanced_weights(data.train, classes) if balanced else torch.ones(classes)
        self._class_weights = weights.to(self._compute.device)
        self._head: HeadPhase | None = None
        self.history: list[float] = []

    def resume(self) -> None:
        """Go back to where the last checkpoint was kept, if there is one.

        Raises:
            InputError: it belongs to another configuration.
        """
        if (self._out / LAST).is_file():
            self.state.restore(self._config, self._out / LAST)

    def run(self) -> None:
        """Train to the last step, from wherever it stands."""
        state, resumed_at, data = self.state, self.state.step, self._data
        self._log = CsvLog(self._out / "log.csv", resumed_at)
        self._selection = Selection(self._config, data, self._out, self._compute, resumed_at)
        maker = BatchMaker(self._config, data.train, data.stills)
        batches = Prefetcher(maker, resumed_at, self._config.steps)
        clock = Clock()
        for batch in batches:
            start, phase = self._config.phase_at(state.step)
            place = state.step - start
            if phase.fit_head:
                with clock.paused():
                    self._take_in(batch, phase, place)
                continue
            rate = self._prepare(phase, place)
            losses, norm = self._step(batch, phase)
            state.step += 1
            self.history.append(float(losses.total))
            clock.count(losses, len(batch.frames), len(batch.stills))
            self._after(clock, batches.waited_s, norm, rate)
        if self._config.steps > resumed_at:
            draw_curves(self._out)

    def _prepare(self, phase: Phase, place: int) -> float:
        """Set the learning rate, which is returned, and let rest what rests in the phase."""
        options = self._config.optimiser
        rate = learning_rate(options, phase.lr or options.lr, place, phase.steps)
        set_rate(self.state.optimiser, rate)
        if place == 0 and phase.freeze:
            self.state.start_from_average()
        freeze(self.state.model, phase.freeze)
        return rate

    def _step(self, batch: Batch, phase: Phase) -> tuple[Losses, float]:
        """One step of the optimiser: its losses, and the gradient's norm before clipping."""
        state, device = self.state, self.state.device
        options = phase.loss(self._config.loss)
        clip = stills = pairs = None
        if phase.batch:
            clip = normalised(batch.frames, state.mean, state.scale, device)
        if len(batch.stills):
            stills = normalised(batch.stills, state.mean, state.scale, device)
        if options.flow and phase.flow_pairs:
            pairs = batch.pairs.to(device)
        out = forward(
            state.model,
            clip,
            pairs,
            stills,
            classify=options.expression > 0,
            coarse=options.coarse > 0,
            precision=self._compute.precision,
        )
        losses = joint_loss(out, truth_of(batch, device), options, self._class_weights)
        if not bool(torch.isfinite(losses.total)) and self._compute.precision != "fp16":
            raise InputError(
                f"The loss at step {state.step} must be a number, got {float(losses.total)}: lower "
                "optimiser.lr or raise its clipping."
            )
        norm = self._update(losses)
        if state.average:
            state.average.update(state.model, state.step)
        return losses._replace(total=losses.total.detach()), norm

    def _update(self, losses: Losses) -> float:
        state = self.state
        state.optimiser.zero_grad(set_to_none=True)
        state.scaler.scale(losses.total).backward()
        state.scaler.unscale_(state.optimiser)
        limit = self._config.optimiser.clip or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(state.model.parameters(), limit)
        state.scaler.step(state.optimiser)
        state.scaler.update()
        return float(norm)

    def _after(self, clock: Clock, waited_s: float, norm: float, rate: float) -> None:
        """Log, validate and save where their turn has come."""
        run, step = self._config.run, self.state.step
        last = step == self._config.steps
        if step % run.log_every == 0 or last:
            row = clock.row(waited_s)
            self._log.add({"step": step - 1, **row, "gradient": norm, "rate": rate})
            words = "step %d/%d  loss %.4f  %.1f clips/s  %.1f stills/s  waiting %.1f%%"
            speed = row["clips_per_s"], row["stills_per_s"], 100 * row["waiting"]
            log.info(words, step, self._config.steps, row["loss"], *speed)
        with clock.paused():
            if step % run.validate_every == 0 or last:
                self._selection.look(self.state)
            if step % run.save_every == 0 or last:
                self.state.save(self._config, self._out / LAST)

    def _take_in(self, batch: Batch, phase: Phase, place: int) -> None:
        """A step of a phase that fits the expression head."""
        if self._head is None:
            self._head = HeadPhase(self._config, phase, self.state, self._compute)
        self._head.take_in(batch)
        self.state.step += 1
        if place + 1 == phase.steps:
            self._head.finish()
            self._head = None
            self._selection.look(self.state)
            self.state.save(self._config, self._out / LAST)


def _check(config: FitConfig, data: Splits) -> None:
    classes = len(data.train.labels)
    if classes != config.model.classes:
        raise OptionError(
            f"model.classes must be the {classes} classes of the data, got "
            f"{config.model.classes}: change data.classes or model.classes."
        )
    if any(phase.stills for phase in config.phases) and data.stills is None:
        raise OptionError(
            "phase.stills must be 0 for data without stills, got more: raise data.stills of "
            "synthetic data, or lower phase.stills."
        )

"""The training loop: one network, its optimiser and what is needed to go on after a stop."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mol_edge.errors import InputError, OptionError
from training.checkpoints import (
    BEST,
    LAST,
    Facts,
    plain_config,
    read,
    same_run,
    save_atomically,
    save_model,
)  # fmt: skip
from training.clock import Clock
from training.config import FitConfig
from training.curves import CsvLog, draw_curves
from training.datasets import Splits, alignment_of
from training.device import choose_device, choose_precision
from training.forward import forward
from training.head_start import HeadStart
from training.loader import Batch, BatchMaker, Prefetcher
from training.losses import Losses, joint_loss
from training.model import Mol
from training.options import Phase
from training.schedule import Average, learning_rate, make_optimiser, set_rate
from training.start import measure_luma, start_weights
from training.validation import normalised, score, truth_of, validate

log = logging.getLogger(__name__)


class Trainer:
    """Trains one network; see `training.fit.fit`.

    Attributes:
        model: the network that is trained.
        step: steps done so far.
        history: loss of every step since the start or the resumption.
    """

    def __init__(self, config: FitConfig, data: Splits, out: Path) -> None:
        run = config.run
        self.config, self.data, self.out = config, data, out
        self.device = choose_device(run.device)
        if self.device.type == "cpu":
            torch.set_num_threads(run.threads or os.cpu_count() or 1)
        else:
            # TF32 would flip neighbours in the k-NN of the features.
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
        torch.manual_seed(run.seed)
        if len(data.train.labels) != config.model.classes:
            raise OptionError(
                f"model.classes must be the {len(data.train.labels)} classes of the data, got "
                f"{config.model.classes}: change data.classes or model.classes."
            )
        mean, scale = config.mean, config.scale
        if mean is None or scale is None:
            measured = measure_luma(data.train)
            mean = measured[0] if mean is None else mean
            scale = measured[1] if scale is None else scale
        self.mean, self.scale = mean, scale
        if any(phase.stills for phase in config.phases) and data.stills is None:
            raise OptionError(
                "phase.stills must be 0 for data without stills, got more: raise data.stills of "
                "synthetic data, or lower phase.stills."
            )
        self.model = Mol(config.model)
        start_weights(self.model, run.init, data.train, mean, scale)
        self.model.to(self.device).train()
        self.optimiser = make_optimiser(self.model, config.optimiser)
        ema = config.optimiser.ema
        self.average = Average(self.model, ema) if ema else None
        self.precision = choose_precision(run.precision, self.device)
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "fp16")
        self.class_weights = self._class_weights()
        self._head_start: HeadStart | None = None
        self.step, self.best, self.history = 0, -float("inf"), list[float]()

    @property
    def judged(self) -> Mol:
        """The network that is validated and kept: the average where there is one."""
        return self.average.model if self.average else self.model

    def run(self) -> None:
        """Train to the last step, from wherever it stands."""
        resumed_at = self.step
        self.log = CsvLog(self.out / "log.csv", resumed_at)
        self.checks = CsvLog(self.out / "validation.csv", resumed_at + 1)
        maker = BatchMaker(self.config, self.data.train, self.data.stills)
        batches = Prefetcher(maker, resumed_at, self.config.steps)
        clock = Clock()
        for batch in batches:
            start, phase = self.config.phase_at(self.step)
            if phase.fit_head:
                with clock.paused():
                    self._take_in(batch, phase, self.step - start)
                continue
            losses, norm, rate = self._step(batch)
            self.step += 1
            self.history.append(float(losses.total.detach()))
            self._after(losses, norm, rate, clock, batches, len(batch.frames), len(batch.stills))
        if self.config.steps > resumed_at:
            draw_curves(self.out)

    def _after(
        self, losses: Losses, norm: float, rate: float, clock: Clock, batches: Prefetcher,
        clips: int, stills: int,
    ) -> None:  # fmt: skip
        run, last = self.config.run, self.step == self.config.steps
        clock.count(losses, clips, stills)
        if self.step % run.log_every == 0 or last:
            row = clock.row(batches.waited_s)
            self.log.add({"step": self.step - 1, **row, "gradient": norm, "rate": rate})
            log.info(
                "step %d/%d  loss %.4f  %.1f clips/s  %.1f stills/s  waiting %.1f%%",
                self.step, self.config.steps, row["loss"], row["clips_per_s"],
                row["stills_per_s"], 100 * row["waiting"],
            )  # fmt: skip
        if self.step % run.validate_every == 0 or last:
            with clock.paused():
                self._validate()
        if self.step % run.save_every == 0 or last:
            with clock.paused():
                self.save()

    def _take_in(self, batch: Batch, phase: Phase, place: int) -> None:
        """A step of a phase that fits the expression head: one more batch, the fit at its end.

        Nothing is saved on the way, so a run that was interrupted takes the phase in anew.
        """
        if self._head_start is None:
            self._go_on_from_average()
            self.model.eval()
            smoothing = self.config.loss.label_smoothing
            self._head_start = HeadStart(self.model, self.precision, smoothing)
        clips = normalised(batch.frames, self.mean, self.scale, self.device)
        self._head_start.add(clips, batch.labels)
        self.step += 1
        if place + 1 < phase.steps:
            return
        self._head_start.fit(phase.fit_head, self.config.run.seed)
        self._head_start = None
        if self.average:
            self.average.model.load_state_dict(self.model.state_dict())
        self.optimiser.state.clear()
        self._validate()
        self.save()

    def _go_on_from_average(self) -> None:
        # Parts that rest in a phase have no falling rate to settle them; the average is settled.
        if self.average:
            self.model.load_state_dict(self.average.model.state_dict())
            self.optimiser.state.clear()

    def _step(self, batch: Batch) -> tuple[Losses, float, float]:
        start, phase = self.config.phase_at(self.step)
        rate = self._prepare(phase, self.step - start)
        options = phase.loss(self.config.loss)
        truth = truth_of(batch, self.device)
        clip = normalised(batch.frames, self.mean, self.scale, self.device) if phase.batch else None
        stills = (
            normalised(batch.stills, self.mean, self.scale, self.device)
            if len(batch.stills)
            else None
        )
        pairs = batch.pairs.to(self.device) if options.flow and phase.flow_pairs else None
        out = forward(
            self.model, clip, pairs, stills,
            classify=options.expression > 0, coarse=options.coarse > 0, precision=self.precision,
        )  # fmt: skip
        losses = joint_loss(out, truth, options, self.class_weights)
        if not bool(torch.isfinite(losses.total)) and self.precision != "fp16":
            raise InputError(
                f"The loss at step {self.step} must be a number, got {float(losses.total)}: lower "
                "optimiser.lr or raise its clipping."
            )
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(losses.total).backward()
        norm = self._update()
        if self.average:
            self.average.update(self.model, self.step)
        return losses._replace(total=losses.total.detach()), norm, rate

    def _update(self) -> float:
        self.scaler.unscale_(self.optimiser)
        limit = self.config.optimiser.clip or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return float(norm)

    def _prepare(self, phase: Phase, place: int) -> float:
        """Set the learning rate, and freeze and unfreeze parts where a phase begins."""
        options = self.config.optimiser
        rate = learning_rate(options, phase.lr or options.lr, place, phase.steps)
        set_rate(self.optimiser, rate)
        if place == 0 and phase.freeze:
            self._go_on_from_average()
        for name, part in self.model.named_children():
            frozen = name in phase.freeze
            part.train(not frozen)
            for path, parameter in part.named_parameters():
                parameter.requires_grad_(not frozen and not path.startswith("ffn."))
        return rate

    def _validate(self) -> None:
        result = validate(
            self.judged, self.data.validation, self.config, self.mean, self.scale, self.device
        )
        self.checks.add({"step": self.step, **result})
        value = score(result, self.config.run.select)
        log.info("validation at step %d: %s", self.step, _in_words(result))
        if value > self.best:
            self.best = value
            save_model(self.judged, self.facts(result), self.out / BEST)
        draw_curves(self.out)

    def facts(self, result: dict[str, float]) -> Facts:
        """What the kept model carries."""
        config = self.config
        provenance: dict[str, Any] = {
            "name": config.name,
            "step": self.step,
            "steps": config.steps,
            "seed": config.run.seed,
            "device": self.device.type,
            "precision": self.precision,
            "chosen_by": config.run.select,
            "validation": result,
            "config": plain_config(config),
        }
        labels = tuple(self.data.train.labels)
        alignment = config.alignment or alignment_of(self.data.train)
        return Facts(labels, self.mean, self.scale, alignment, config.window_ms, provenance)

    def save(self) -> None:
        """Keep all that a resumed run needs."""
        save_atomically(
            {
                "step": self.step,
                "best": self.best,
                "mean": self.mean,
                "scale": self.scale,
                "config": plain_config(self.config),
                "model": self.model.state_dict(),
                "average": self.average.model.state_dict() if self.average else {},
                "optimiser": self.optimiser.state_dict(),
                "scaler": self.scaler.state_dict(),
                "random": torch.get_rng_state(),
                "random_device": _device_random(self.device),
            },
            self.out / LAST,
        )

    def resume(self) -> None:
        """Go back to where the last checkpoint was kept, if there is one.

        Raises:
            InputError: it belongs to another configuration.
        """
        path = self.out / LAST
        if not path.is_file():
            return
        kept = read(path)
        differing = same_run(kept["config"], self.config)
        if differing:
            raise InputError(
                f"{path} belongs to a run with another {', '.join(differing)}: name another --out "
                "or restore the configuration."
            )
        self.step, self.best = int(kept["step"]), float(kept["best"])
        self.mean, self.scale = float(kept["mean"]), float(kept["scale"])
        self.model.load_state_dict(kept["model"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.scaler.load_state_dict(kept["scaler"])
        if self.average:
            self.average.model.load_state_dict(kept["average"])
        torch.set_rng_state(kept["random"])
        if self.device.type == "cuda" and len(kept["random_device"]):
            torch.cuda.set_rng_state(kept["random_device"])

    def _class_weights(self) -> Tensor:
        classes = self.config.model.classes
        if not self.config.loss.balanced:
            return torch.ones(classes, device=self.device)
        counts = np.zeros(classes)
        for index in range(len(self.data.train)):
            label = self.data.train.sample(index, 0, ()).label
            if label is not None:
                counts[label] += 1
        weights = counts.sum() / np.maximum(counts, 1) / classes
        return torch.tensor(weights, dtype=torch.float32, device=self.device)


def _device_random(device: torch.device) -> Tensor:
    if device.type == "cuda":
        return torch.cuda.get_rng_state()
    return torch.empty(0, dtype=torch.uint8)


def _in_words(result: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in result.items())

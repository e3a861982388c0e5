"""Which of a run's networks is kept: the one that does best on held-out training subjects."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from training.checkpoints import BEST, Facts, save_model
from training.config import FitConfig
from training.curves import CsvLog, draw_curves
from training.datasets import Splits, alignment_of
from training.device import Compute
from training.state import TrainingState
from training.validation import score, validate

log = logging.getLogger(__name__)


class Selection:
    """Looks at the network every so often, logs what it sees and keeps the best one.

    Args:
        config: the run.
        data: its samples.
        out: folder of the run; `model.pt`, `validation.csv` and `curves.png` are written there.
        compute: where and with what numbers the run trains.
        step: steps done before; what the log has of later ones is dropped.
    """

    def __init__(
        self, config: FitConfig, data: Splits, out: Path, compute: Compute, step: int = 0
    ) -> None:
        self._config, self._data, self._out, self._compute = config, data, out, compute
        self._log = CsvLog(out / "validation.csv", step + 1)

    def look(self, state: TrainingState) -> None:
        """Validate the network, and keep it where it is the best so far."""
        config, device = self._config, state.device
        held_out = self._data.validation
        result = validate(state.judged, held_out, config, state.mean, state.scale, device)
        self._log.add({"step": state.step, **result})
        words = "  ".join(f"{name} {value:.4g}" for name, value in result.items())
        log.info("validation at step %d: %s", state.step, words)
        value = score(result, config.run.select)
        if value > state.best:
            state.best = value
            save_model(state.judged, self._facts(state, result), self._out / BEST)
        draw_curves(self._out)

    def _facts(self, state: TrainingState, result: dict[str, float]) -> Facts:
        config = self._config
        provenance: dict[str, Any] = {
            "name": config.name,
            "step": state.step,
            "steps": config.steps,
            "seed": config.run.seed,
            "device": self._compute.device.type,
            "precision": self._compute.precision,
            "chosen_by": config.run.select,
            "validation": result,
            "config": config.to_dict(),
        }
        labels = tuple(self._data.train.labels)
        alignment = config.alignment or alignment_of(self._data.train)
        return Facts(labels, state.mean, state.scale, alignment, config.window_ms, provenance)

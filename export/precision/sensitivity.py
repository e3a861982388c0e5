"""Which groups of layers go to eight bits: each is tried alone, for what it costs and wins."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.precision.build import Calibration, Models, quantized
from export.precision.clips import Clips
from export.precision.gate import Drop, Limits, drops
from export.precision.groups import GROUPS, layers_of
from export.precision.measure import Figures, Outputs, figures, outputs_of
from export.precision.quantize import Flavour
from export.precision.trial import ModelsBackend
from mol_edge._numbers import beyond
from mol_edge.manifest import Normalisation

log = logging.getLogger(__name__)

_FRAME = ("features", "encoder", "flow")
_ROUNDS = 15


@dataclass(frozen=True)
class Tried:
    """One group alone in eight bits.

    Attributes:
        group: its name.
        sensitive: whether it stays in float32 unless it costs next to nothing.
        layers: how many it has.
        figures: accuracy with it.
        drops: what it lost against float32 on the same runtime.
        time_won: share of a frame's time with flow that it saves; negative where it costs.
        chosen: whether it goes to eight bits.
        reason: why, or why not.
    """

    group: str
    sensitive: bool
    layers: int
    figures: Figures
    drops: tuple[Drop, ...]
    time_won: float
    chosen: bool = False
    reason: str = ""

    @property
    def worst(self) -> Drop:
        """The loss that takes most of what is allowed."""
        return max(self.drops, key=_share)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        content = {**asdict(self), "figures": self.figures.to_json()}
        content["drops"] = [asdict(drop) for drop in self.drops]
        content["time_won"] = round(self.time_won, 4)
        return content


@dataclass(frozen=True)
class Trial:
    """What groups are tried on.

    Attributes:
        calibration: calibrates any choice of groups.
        models: float32 graphs.
        clips: to judge on.
        constants: of the normalisation.
        reference: what PyTorch gives for the clips.
        flavour: for which runtime.
        runtime: ``onnxruntime`` or ``openvino``.
        limits: what a precision may lose as a whole.
        share: of that, what one group may lose alone.
        sensitive_share: the same for sensitive groups.
        least_won: share of the time that a sensitive group has to save.
        threads: of one inference.
    """

    calibration: Calibration
    models: Models
    clips: Clips
    constants: Normalisation
    reference: Outputs
    flavour: Flavour
    runtime: str
    limits: Limits
    share: float = 0.5
    sensitive_share: float = 0.25
    least_won: float = 0.03
    threads: int = 2

    def backend(self, models: Models, like: ModelsBackend | None = None) -> ModelsBackend:
        """Some graphs on the runtime."""
        return ModelsBackend(models, self.runtime, self.threads, like)

    def measure(self, backend: ModelsBackend) -> Figures:
        """Accuracy of some graphs."""
        return figures(outputs_of(backend, self.clips, self.constants), self.reference, self.clips)


def try_groups(trial: Trial) -> list[Tried]:
    """Try every group alone and choose."""
    float32 = trial.backend(trial.models)
    before = trial.measure(float32)
    tried = []
    for group in GROUPS:
        layers = sum(len(layers_of(model, [group.name])) for model in trial.models.values())
        if not layers:
            continue
        log.info("Trying %s in eight bits.", group.name)
        models = quantized(trial.calibration.calibrate([group.name]), trial.flavour)
        backend = trial.backend(models, float32)
        came = trial.measure(backend)
        lost = tuple(drops(before, came, trial.limits))
        won = _time_won(trial.models, float32, models, backend)
        one = Tried(group.name, group.sensitive, layers, came, lost, won)
        tried.append(_decided(one, trial))
    return tried


def _decided(one: Tried, trial: Trial) -> Tried:
    allowed = trial.sensitive_share if one.sensitive else trial.share
    taken = _share(one.worst)
    share = beyond(100 * max(taken, 0), 100 * allowed)
    loss = f"alone it takes {share}% of what may be lost in {one.worst.task}"
    if taken > allowed:
        return replace(one, reason=f"{loss}, at most {100 * allowed:.0f}%")
    if one.sensitive and one.time_won < trial.least_won:
        won = f"it wins {100 * one.time_won:.1f}% of a frame's time, too little for its risk"
        return replace(one, reason=won)
    return replace(one, chosen=True, reason=loss)


def _share(drop: Drop) -> float:
    """How much of what is allowed a loss takes."""
    if drop.allowed > 0:
        return drop.lost / drop.allowed
    return float("inf") if drop.lost > 0 else 0.0


def drop_worst(tried: Sequence[Tried], failed: Sequence[Drop]) -> list[Tried]:
    """The choice without the group that loses most in the tasks that failed as a whole.

    Of groups that lost nothing alone, the one that moves those tasks' outputs most.
    """
    tasks = {drop.task for drop in failed}
    chosen = [one for one in tried if one.chosen]

    def loss(one: Tried) -> tuple[float, float]:
        came = one.figures
        errors = {
            "classes": came.logit_error,
            "flow": came.flow_error,
            "landmarks": came.landmark_error,
        }
        lost = max(_share(drop) for drop in one.drops if drop.task in tasks)
        return lost, max(errors[task] for task in tasks)

    if not chosen:
        return list(tried)
    worst = max(chosen, key=loss)
    reason = f"together with the others too much was lost in {', '.join(sorted(tasks))}"
    return [replace(one, chosen=False, reason=reason) if one is worst else one for one in tried]


def _time_won(before: Models, first: ModelsBackend, models: Models, second: ModelsBackend) -> float:
    """Share of a frame's time with flow that some graphs save, both timed in turn."""
    inputs = _frame_inputs(before), _frame_inputs(models)
    seconds: tuple[list[float], list[float]] = ([], [])
    changed = [name for name in _FRAME if models[name] is not before[name]]
    for round_ in range(_ROUNDS + 2):
        for backend, given, into in zip((first, second), inputs, seconds):
            start = time.perf_counter()
            for graph in changed:
                backend.run(graph, given[graph])
            if round_ >= 2:
                into.append(time.perf_counter() - start)
    whole = _frame_seconds(first, inputs[0])
    return (min(seconds[0]) - min(seconds[1])) / whole if changed else 0.0


def _frame_seconds(backend: ModelsBackend, inputs: Mapping[str, dict[str, NDArray[Any]]]) -> float:
    best = float("inf")
    for _ in range(_ROUNDS // 2):
        start = time.perf_counter()
        for graph in _FRAME:
            backend.run(graph, inputs[graph])
        best = min(best, time.perf_counter() - start)
    return best


def _frame_inputs(models: Models) -> dict[str, dict[str, NDArray[Any]]]:
    """Inputs of one frame, values of no meaning."""
    random = np.random.default_rng(0)
    kinds = {1: np.float32, 2: np.uint8, 3: np.int8}
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for graph in _FRAME:
        found[graph] = {}
        for value in models[graph].graph.input:
            tensor = value.type.tensor_type
            shape = [1, *(d.dim_value for d in tensor.shape.dim[1:])]
            drawn = random.standard_normal(shape)
            kind = kinds[tensor.elem_type]
            found[graph][value.name] = (drawn if kind == np.float32 else drawn * 30).astype(kind)
    return found

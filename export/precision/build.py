"""All graphs of a precision, from those in float32 and what calibration found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from export.precision.equalise import MOTION, equalise, motions
from export.precision.graph import Graph
from export.precision.groups import GROUPS, layers_of
from export.precision.plan import Plan, plan
from export.precision.quantize import Flavour, Quantizer
from export.precision.ranges import HEADROOM, Batch, Histogram, Range, collect
from export.progress import counted

Models = dict[str, onnx.ModelProto]
STATES = ("enc2",)
"""State between graphs that is kept as integers: 0.5 MB less to convert for each frame."""


@dataclass(frozen=True)
class Calibrated:
    """Float32 graphs, brought to common ranges, and the values that their tensors take.

    Attributes:
        models: graphs by name.
        plans: what is quantized, by graph.
        histograms: of the tensors that are quantized, by graph.
        states: those between graphs that are kept as integers.
    """

    models: Models
    plans: Mapping[str, Plan]
    histograms: Mapping[str, Mapping[str, Histogram]]
    states: tuple[str, ...]

    @property
    def layers(self) -> int:
        """How many layers are to compute in integers."""
        return sum(len(made.layers) for made in self.plans.values())


class Calibration:
    """Inputs of every graph on calibration clips, from which any choice of groups is calibrated.

    Args:
        models: float32 graphs.
        clips: normalised crops, float32 [n, 8, 128, 128].
        threads: of ONNX Runtime.
    """

    def __init__(self, models: Models, clips: NDArray[np.float32], threads: int = 1) -> None:
        self._models, self._threads = models, threads
        self._batches = _inputs_of_graphs(models, clips, threads)

    def calibrate(self, groups: Iterable[str]) -> Calibrated:
        """Prepare the graphs for quantizing some groups."""
        chosen = tuple(groups)
        models: Models = {}
        plans: dict[str, Plan] = {}
        histograms: dict[str, dict[str, Histogram]] = {}
        integer_state = self._integer_states(chosen)
        for name, model in self._models.items():
            layers = layers_of(model, chosen)
            states = tuple(s for s in integer_state if s in _boundary(model))
            first = plan(Graph(model), layers, states)
            if not first.leader:
                models[name] = model
                continue
            found = collect(model, sorted(first.leader), self._batches[name], self._threads)
            models[name] = equalise(model, first, found, states)
            plans[name] = plan(Graph(models[name]), layers, states)
            tensors = sorted({*plans[name].leader, *plans[name].results})
            batches = self._batches[name]
            histograms[name] = collect(models[name], tensors, batches, self._threads)
        return Calibrated(models, plans, histograms, integer_state)

    def _integer_states(self, groups: Sequence[str]) -> tuple[str, ...]:
        """States that both their maker's reader and the next graph take as integers."""
        flow = layers_of(self._models["flow"], groups)
        read = plan(Graph(self._models["flow"]), flow).leader
        return tuple(state for state in STATES if state in read)


@dataclass(frozen=True)
class Form:
    """The graphs of one flavour.

    Attributes:
        models: by name.
        layers: how many of their layers are to compute in integers.
    """

    models: Models
    layers: int = 0


def flavoured(
    calibration: Calibration, groups: Iterable[str], flavours: Iterable[Flavour]
) -> dict[str, Form]:
    """Graphs with some groups in eight bits, by form.

    Where a flavour's results pass through eight bits, what gives pixels or logits stays in float.
    """
    chosen = list(groups)
    inner = [g.name for g in GROUPS if g.name in chosen and not g.gives_results]
    whole = calibration.calibrate(chosen)
    careful = whole if len(inner) == len(chosen) else calibration.calibrate(inner)
    forms = {}
    for flavour in flavours:
        taken = careful if flavour.quantized_results else whole
        forms[flavour.form] = Form(quantized(taken, flavour), taken.layers)
    return forms


def quantized(calibrated: Calibrated, flavour: Flavour) -> Models:
    """The graphs of one flavour; those without a quantized layer stay as they are."""
    models: Models = {}
    shared: dict[str, Range] = {}
    for name, model in calibrated.models.items():
        made = calibrated.plans.get(name)
        if made is None:
            models[name] = model
            continue
        ranges = _ranges(made, calibrated.histograms[name], flavour, shared)
        for state in calibrated.states:
            if state in made.sources and state not in shared:
                # The graph that reads it joins it with flow, which needs room below 0.
                leader = made.leader[state]
                high = ranges[leader].high
                low = min(ranges[leader].low, -MOTION * HEADROOM * high)
                ranges[leader] = Range(low, high)
        states = tuple(s for s in calibrated.states if s in _boundary(model))
        for state in states:
            shared[state] = ranges[made.leader[state]]
        models[name] = Quantizer(Graph(model), made, ranges, flavour, states).model()
    return models


def _ranges(
    made: Plan,
    histograms: Mapping[str, Histogram],
    flavour: Flavour,
    shared: Mapping[str, Range],
) -> dict[str, Range]:
    ranges = {}
    for leader, members in made.groups().items():
        best = [shared[name] for name in members if name in shared]
        if not best:
            found = {name: histograms[name] for name in members if name in made.sources}
            best = _best(found, flavour.signed)
        ranges[leader] = Range(min(r.low for r in best), max(r.high for r in best))
    for result, slope in made.results.items():
        if result not in ranges:
            ranges[result] = histograms[result].best(flavour.signed, slope)
    return ranges


def _best(found: Mapping[str, Histogram], signed: bool) -> list[Range]:
    """The ranges of tensors that share a scale.

    Motion decides on no steps where it shares them, so that cutting it off would win nothing.
    """
    moving = motions(found) if len(found) > 1 and not signed else ()
    return [
        histogram.whole.scaled(HEADROOM) if name in moving else histogram.best(signed)
        for name, histogram in found.items()
    ]


def _boundary(model: onnx.ModelProto) -> set[str]:
    return {value.name for value in [*model.graph.input, *model.graph.output]}


def _inputs_of_graphs(
    models: Models, clips: NDArray[np.float32], threads: int
) -> dict[str, list[Batch]]:
    """What each graph is given when the clips are run frame by frame, two pairs of each."""
    from export.precision.trial import ModelsBackend

    backend = ModelsBackend(models, "onnxruntime", threads)
    batches: dict[str, list[Batch]] = {name: [] for name in models}
    for clip in counted(clips, len(clips)):
        frames = np.ascontiguousarray(clip[:, None])
        maps, encoded = (backend.run(g, {"frames": frames}) for g in ("features", "encoder"))
        for at in (1, 5):
            now, after = slice(at, at + 1), slice(at + 1, at + 2)
            for graph in ("features", "encoder"):
                batches[graph].append({"frames": frames[now]})
            batches["flow"].append(
                {
                    "frames": frames[now],
                    "enc2": encoded["enc2"][now],
                    "enc3": encoded["enc3"][now],
                    "enc3_next": encoded["enc3"][after],
                    "first": maps["first"][now],
                    "second_next": maps["second"][after],
                }
            )
        batches["head"].append({"parts": maps["parts"][np.newaxis]})
        if "clip" in models:
            batches["clip"].append({"clip": clip[None, None]})
    return batches

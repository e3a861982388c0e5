"""How well spotted movements agree with what truly happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mol_edge.event import EventKind
from mol_edge.spot import Spot
from training.synthetic.schedule import Happening

HIT_IOU = 0.5
LONGEST_MS = 450.0


def shortest_ms(fps: float) -> float:
    """The shortest micro-expression that is asked for: slow cameras have too few frames of it."""
    return 200.0 if fps < 45 else 120.0


def iou(spot: Spot, truth: Happening) -> float:
    """Intersection over union of two stretches of time."""
    start, end = spot.onset_ns / 1e6, spot.offset_ns / 1e6
    common = min(end, truth.offset_ms) - max(start, truth.onset_ms)
    return max(0.0, common) / (max(end, truth.offset_ms) - min(start, truth.onset_ms))


@dataclass
class Score:
    """Counts of some videos.

    Attributes:
        hits: micro-expressions that were spotted as such.
        truths: micro-expressions of a length that is asked for.
        false: spots of a micro-expression where there is none.
        macro_hits, macro_truths: the same of macro-expressions.
        by_amplitude: amplitude of each micro-expression, and whether it was hit.
        iou_sum: sum of the hits' overlaps.
        latency_ms: from each spot's offset to its emission.
        notes: what was missed or invented, for reading.
    """

    hits: int = 0
    truths: int = 0
    false: int = 0
    macro_hits: int = 0
    macro_truths: int = 0
    iou_sum: float = 0.0
    by_amplitude: list[tuple[float, bool]] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """Share of the micro-expressions that were spotted."""
        return self.hits / max(1, self.truths)

    @property
    def precision(self) -> float:
        """Share of the spots that are micro-expressions."""
        return self.hits / max(1, self.hits + self.false)

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.recall * self.precision / max(1e-9, self.recall + self.precision)

    def add(self, spots: Sequence[Spot], happenings: Sequence[Happening], fps: float) -> None:
        """Count one video."""
        micro = [spot for spot in spots if spot.kind is EventKind.MICRO]
        truths = [h for h in happenings if h.kind == "micro"]
        asked = [shortest_ms(fps) <= h.offset_ms - h.onset_ms <= LONGEST_MS for h in truths]
        pairs = match(micro, truths)
        for j, truth in enumerate(truths):
            hit = j in pairs
            if asked[j]:
                self.truths += 1
                self.hits += hit
                self.by_amplitude.append((truth.amplitude, hit))
                self.iou_sum += iou(micro[pairs[j]], truth) if hit else 0.0
                if not hit:
                    self.notes.append(_missed(truth, spots))
        others = [h for h, wanted in zip(truths, asked) if not wanted]
        used = set(pairs.values())
        for i, spot in enumerate(micro):
            # What is neither asked for nor wrong: micro-expressions of another length.
            if i not in used and not any(iou(spot, other) > 0 for other in others):
                self.false += 1
                self.notes.append(_invented(spot, happenings))
        macro_truths = [h for h in happenings if h.kind == "macro"]
        macro = [spot for spot in spots if spot.kind is EventKind.MACRO]
        self.macro_truths += len(macro_truths)
        self.macro_hits += len(match(macro, macro_truths))

    def merge(self, others: Iterable[Score]) -> Score:
        """Add up scores."""
        for other in others:
            for name, value in vars(other).items():
                setattr(self, name, getattr(self, name) + value)
        return self


def match(spots: Sequence[Spot], truths: Sequence[Happening]) -> dict[int, int]:
    """Truth to spot, the best overlaps first, each used once and of `HIT_IOU` at least."""
    overlaps = sorted(
        (
            (iou(spot, truth), j, i)
            for i, spot in enumerate(spots)
            for j, truth in enumerate(truths)
        ),
        reverse=True,
    )
    pairs: dict[int, int] = {}
    for overlap, j, i in overlaps:
        if overlap >= HIT_IOU and j not in pairs and i not in pairs.values():
            pairs[j] = i
    return pairs


def _missed(truth: Happening, spots: Sequence[Spot]) -> str:
    near = max(spots, key=lambda spot: iou(spot, truth), default=None)
    found = "nothing near"
    if near is not None and iou(near, truth) > 0:
        found = f"{near.kind.value} with IoU {iou(near, truth):.2f}"
    units = "+".join(truth.aus)
    return (
        f"missed {units} of {truth.amplitude:.2f} px at {truth.onset_ms:.0f} to "
        f"{truth.offset_ms:.0f} ms: {found}"
    )


def _invented(spot: Spot, happenings: Sequence[Happening]) -> str:
    start, end = spot.onset_ns / 1e6, spot.offset_ns / 1e6
    near = [h.kind for h in happenings if h.offset_ms > start and h.onset_ms < end]
    return f"invented one at {start:.0f} to {end:.0f} ms during {' and '.join(near) or 'nothing'}"

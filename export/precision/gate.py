"""The gate: how much accuracy a precision may lose, per task, and whether it has lost more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from export.precision.limits import Limits as Limits
from export.precision.measure import Figures
from mol_edge._numbers import beyond
from mol_edge.following import PLACED_NME

_ROUNDING = 1e-9  # 4 clips of 200 are 2%, but not as the difference of two floats
APART = 4.0
"""How many times the rise of EPE that is allowed flow may differ from float32's on average."""


@dataclass(frozen=True)
class Drop:
    """What one figure lost.

    Attributes:
        task: ``classes``, ``flow`` or ``landmarks``.
        figure: which figure, in words.
        lost: how much, a share; negative where it got better.
        allowed: the most that passes.
    """

    task: str
    figure: str
    lost: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether it is within the limit; a loss that is not a number is not."""
        return self.lost <= self.allowed + _ROUNDING

    def __str__(self) -> str:
        lost = beyond(100 * self.lost, 100 * self.allowed, 2)
        lost = f"{'+' * (self.lost >= 0)}{lost}%"
        return f"{self.task}, {self.figure}: {lost} (at most {100 * self.allowed:g}%)"


def drops(float32: Figures, came: Figures, limits: Limits) -> list[Drop]:
    """What was lost against float32, as far as the truth is known.

    Figures without the truth of flow or landmarks are judged by the distance from float32 instead:
    in pixels, where 1 counts as 1 pixel.
    """
    found = [Drop("classes", "other class than float32", 1 - came.agreement, limits.classes)]
    for name, figure in (("uf1", "fall of UF1"), ("uar", "fall of UAR")):
        before, after = getattr(float32, name), getattr(came, name)
        if before is not None and after is not None:
            found.append(Drop("classes", figure, before - after, limits.classes))
    if float32.epe is not None and came.epe is not None:
        found.append(Drop("flow", "rise of EPE", came.epe / float32.epe - 1, limits.flow))
        # A fault may bring flow nearer to the truth by chance, and farther from what was trained.
        apart = came.flow_error / float32.epe
        found.append(Drop("flow", "difference from float32 by EPE", apart, APART * limits.flow))
    if float32.nme is not None and came.nme is not None:
        found.append(Drop("landmarks", "rise of NME", came.nme / float32.nme - 1, limits.landmarks))
    return found


@dataclass(frozen=True)
class Verdict:
    """One precision on one runtime.

    Attributes:
        precision: such as ``int8``.
        device: runtime, and the form of the graphs.
        figures: what was measured.
        drops: what was lost.
        integer_layers: layers that really compute in integers, or None where it does not apply.
        expected_layers: those that should.
    """

    precision: str
    device: str
    figures: Figures
    drops: tuple[Drop, ...]
    integer_layers: int | None = None
    expected_layers: int | None = None

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it does not pass."""
        reasons = [f"{self.device}: {drop}" for drop in self.drops if not drop.passed]
        expected = self.expected_layers or 0
        if self.integer_layers is not None and self.integer_layers < expected:
            reasons.append(
                f"{self.device}: {self.integer_layers} layers compute in INT8, {expected} should"
            )
        return tuple(reasons)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "device": self.device,
            "figures": self.figures.to_json(),
            "drops": [{**asdict(drop), "passed": drop.passed} for drop in self.drops],
            "integer_layers": self.integer_layers,
            "expected_layers": self.expected_layers,
            "passed": not self.failures,
        }


@dataclass(frozen=True)
class Judgement:
    """A precision on all runtimes.

    Attributes:
        precision: its name.
        verdicts: one per runtime.
        enforced: False for weights that have learned nothing, of which nothing can be lost.
        facts: what else belongs in the report.
    """

    precision: str
    verdicts: tuple[Verdict, ...]
    enforced: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it does not pass, over all runtimes; layers in float count for any weights."""
        reasons = [reason for verdict in self.verdicts for reason in verdict.failures]
        return tuple(r for r in reasons if self.enforced or "compute in INT8" in r)

    @property
    def passed(self) -> bool:
        """Whether the precision goes into the bundle."""
        return not self.failures

    def to_json(self) -> dict[str, Any]:
        """The report, for the bundle."""
        return {
            "precision": self.precision,
            "passed": self.passed,
            "enforced": self.enforced,
            "failures": list(self.failures),
            "runtimes": [verdict.to_json() for verdict in self.verdicts],
            **self.facts,
        }


def refusals(judgements: Sequence[Judgement], folder: object) -> list[str]:
    """What to tell the user of precisions that lost too much: each loss, and what follows."""
    said = [f"{each.precision} {reason}." for each in judgements for reason in each.failures]
    failed = [each.precision for each in judgements if not each.passed]
    out = [name for name in failed if name != "fp32"]
    if out:
        verb = "are" if len(out) > 1 else "is"
        said.append(
            f"{' and '.join(out)} did not pass the gate and {verb} not in {folder}, where reports/ "
            f"says why: allow more with --max-drop, or export without."
        )
    if "fp32" in failed:
        said.append(
            f"fp32 stays in {folder}, since the others are measured against it: do not use it on "
            "the runtime named above."
        )
    return said


def doubt(float32: Figures) -> str | None:
    """Why what a precision loses says little: what float32 gives is of no use itself.

    Landmarks are where they belong below a tenth of the pupil distance, the error below which the
    SDK measures movements by them.
    """
    reasons = []
    if float32.nme is not None and not float32.nme < PLACED_NME:
        reasons.append(
            f"puts landmarks {float32.nme:.0%} of the pupil distance off (below {PLACED_NME:.0%} "
            "they are of use)"
        )
    if float32.epe is not None and float32.still is not None and not float32.epe < float32.still:
        reasons.append(
            f"gives flow that errs by {float32.epe:.3f} pixels where none at all errs by "
            f"{float32.still:.3f}"
        )
    if not reasons:
        return None
    return (
        f"On these clips float32 itself {' and '.join(reasons)}, so what other precisions lose "
        "beside it says little: judge on clips like those it was trained on (--evaluation), or "
        "say --untrained."
    )


def table(float32: Figures, judgements: Sequence[Judgement]) -> str:
    """Figures of float32 and of every precision and runtime, as text."""
    head = (
        f"{'precision':<9} {'device':<30} {'same class':>10} {'UF1':>6} {'EPE':>7} {'NME':>7}  gate"
    )
    lines = [head, _row("fp32", "PyTorch", float32, "")]
    for judgement in judgements:
        for verdict in judgement.verdicts:
            said = "failed" if verdict.failures else "passed"
            said = said if judgement.enforced else "not judged: untrained"
            if verdict.integer_layers is not None:
                said += f", {verdict.integer_layers} of {verdict.expected_layers} layers in INT8"
            lines.append(_row(judgement.precision, verdict.device, verdict.figures, said))
        for device, why in judgement.facts.get("left_out", {}).items():
            lines.append(f"{judgement.precision:<9} {device} was left out: {why.rstrip('.')}.")
    said_doubt = doubt(float32) if all(one.enforced for one in judgements) else None
    return "\n".join(lines if said_doubt is None else [*lines, said_doubt])


def _row(precision: str, device: str, came: Figures, said: str) -> str:
    def number(value: float | None, digits: int, factor: float = 1) -> str:
        return "-" if value is None else f"{factor * value:.{digits}f}"

    same = number(came.agreement, 1, 100)
    return (
        f"{precision:<9} {device:<28} {same:>9}% {number(came.uf1, 3):>6} "
        f"{number(came.epe, 4):>7} {number(came.nme, 2, 100):>6}%  {said}"
    )

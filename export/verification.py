"""What an export found when it compared a bundle with PyTorch, and what it allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

HINT = "float32 (OpenVINO: INFERENCE_PRECISION_HINT f32, stated, since its default may be bf16)"

ORDINARY = 100.0
"""Size of an output beyond which the tolerance grows with it: of 1e-3 that is 1e-5 of the output,
some 80 times the rounding of float32."""


@dataclass(frozen=True)
class Difference:
    """The largest difference of one output from PyTorch's.

    Attributes:
        device: the runtime that was compared.
        mode: ``clip`` for the fused graph, ``stream`` for the small graphs frame by frame.
        output: ``logits``, ``flow`` or ``landmarks``.
        largest: largest absolute difference.
        magnitude: largest absolute value of PyTorch's output, for scale.
    """

    device: str
    mode: str
    output: str
    largest: float
    magnitude: float


@dataclass(frozen=True)
class Verification:
    """All differences of a bundle from PyTorch, and what was allowed.

    Attributes:
        tolerance: largest difference allowed of outputs up to 100; of larger ones in proportion.
        differences: by runtime, mode and output.
        smallest_gap: from one rank of neighbours to the next on the clips that were compared.
        precision: in which all computed.
        clips: how many were compared.
        left_out: runtimes that do not compute the model, and why.
    """

    tolerance: float
    differences: tuple[Difference, ...]
    smallest_gap: float
    precision: str = HINT
    clips: int = field(default=2)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def allowed(self, difference: Difference) -> float:
        """The most that an output may differ by: absolute, or relative to its size where large.

        Example:
            >>> large = Difference("native:cpu", "clip", "logits", 5e-3, 3856.0)
            >>> round(Verification(1e-3, (large,), 1e-5).allowed(large), 5)
            0.03856
        """
        size = difference.magnitude
        return self.tolerance * (max(1.0, size / ORDINARY) if np.isfinite(size) else 1.0)

    def within(self, difference: Difference) -> bool:
        """Whether a difference is allowed (one that is not a number is not)."""
        return bool(difference.largest <= self.allowed(difference))

    @property
    def passed(self) -> bool:
        """Whether every difference is allowed."""
        return all(self.within(d) for d in self.differences)

    @property
    def grown(self) -> bool:
        """Whether an output is so large that it may differ by more than the tolerance."""
        return any(self.allowed(d) > self.tolerance for d in self.differences)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the manifest; a number that is not finite becomes text."""
        content = {**asdict(self), "passed": self.passed}
        content["differences"] = [
            {name: _plain(value) for name, value in asdict(each).items()}
            | {"allowed": self.allowed(each)}
            for each in self.differences
        ]
        content["smallest_gap"] = _plain(self.smallest_gap)
        content["left_out"] = dict(self.left_out)
        return content

    def table(self) -> str:
        """The differences as a text table, and what was left out."""
        lines = [f"{'device':<18} {'mode':<7} {'output':<10} {'largest difference':>19}  of"]
        for d in self.differences:
            allowed = self.allowed(d)
            mark = f"  (at most {allowed:.2g})" if allowed > self.tolerance else ""
            mark = mark if self.within(d) else f"  beyond {allowed:g}"
            lines.append(
                f"{d.device:<18} {d.mode:<7} {d.output:<10} {d.largest:>19.2e}  "
                f"{d.magnitude:.2f}{mark}"
            )
        lines += [f"{device} was left out: {why}." for device, why in self.left_out.items()]
        return "\n".join(lines)

    def failure(self) -> tuple[str, str]:
        """Which output is farthest beyond what is allowed, and the way out."""
        failed = [d for d in self.differences if not self.within(d)]
        worst = max(failed, key=lambda d: d.largest / self.allowed(d))
        said = (
            f"fp32 must agree with PyTorch to {self.allowed(worst):g}, and {worst.output} of "
            f"{worst.device} ({worst.mode}) differ by {worst.largest:.2e}"
        )
        if not np.isfinite(worst.largest):
            return said, "no --tolerance allows that, look at the weights"
        needed = _up(worst.largest / self.allowed(worst) * self.tolerance)
        return said, f"if that is little for this model, export it with --tolerance {needed}"


def _up(value: float) -> str:
    """A value rounded up to two digits.

    Example:
        >>> _up(0.01527)
        '0.016'
    """
    step = 10.0 ** (np.floor(np.log10(value)) - 1)
    return f"{np.ceil(value / step) * step:.2g}"


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value

"""The answer: what was measured, how good it is, what would make it better."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum

from mol_edge.preflight.light import Light
from mol_edge.preflight.noise import Noise
from mol_edge.preflight.timing import Timing


class Verdict(str, Enum):
    """Whether a camera can see micro-expressions.

    ``good``: yes. ``poor``: the stronger ones, see the findings. ``unfit``: no.
    """

    GOOD = "good"
    POOR = "poor"
    UNFIT = "unfit"


@dataclass(frozen=True)
class Finding:
    """One measured quantity and what follows from it.

    Attributes:
        name: what was measured.
        verdict: how good it is.
        measured: the value in words.
        wanted: what is good.
        advice: what would make it better; empty where it is good.
    """

    name: str
    verdict: Verdict
    measured: str
    wanted: str
    advice: str = ""


@dataclass(frozen=True)
class FaceView:
    """How the face is seen.

    Attributes:
        width_px: width of the face's box, image pixels.
        eye_px: distance of the eyes, image pixels.
        enlarged: pixels of the crop for one of the image; above 1 the crop is blown up.
        state: whether it can be measured: ``tracked``, ``too_small``, ``turned_away``, ``blurred``.
        found: share of the looks at which the face was there.
        absent_s: seconds from the first picture with a face to the looks that found none.
    """

    width_px: float
    eye_px: float
    enlarged: float
    state: str
    found: float
    absent_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class PreflightReport:
    """What `preflight` found.

    Attributes:
        source: what was watched.
        seconds: for how long.
        frames: how many pictures.
        dropped: pictures that came faster than they could be looked at.
        timing: rate and regularity, or None without a face.
        light: flicker and exposure, or None.
        noise: apparent motion of the still face, or None.
        face: how the face is seen, or None.
        skipped: share of the face's blocks that compression repeats.
        findings: the judgement of each, the worst first.
        incomplete: why the source ended before its time, as of a file that is cut off, or None.
        turn: degrees, 90, 180 or 270, by which pictures must be turned clockwise for their face to
            be upright, or 0.
    """

    source: str
    seconds: float
    frames: int
    dropped: int
    timing: Timing | None
    light: Light | None
    noise: Noise | None
    face: FaceView | None
    skipped: float | None
    findings: tuple[Finding, ...]
    incomplete: str | None = None
    turn: int = 0

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings' verdicts."""
        return max((finding.verdict for finding in self.findings), key=_badness)

    def record(self) -> dict[str, object]:
        """The report as JSON knows it."""
        record = asdict(self)
        record["findings"] = [
            {**asdict(finding), "verdict": finding.verdict.value} for finding in self.findings
        ]
        return {"schema": 1, "verdict": self.verdict.value, **record}


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings sorted by how bad they are, else in their order."""
    return tuple(sorted(findings, key=lambda finding: -_badness(finding.verdict)))


def _badness(verdict: Verdict) -> int:
    return list(Verdict).index(verdict)

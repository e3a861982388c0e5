"""What a benchmark can be told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from mol_edge._numbers import is_finite, is_whole
from mol_edge.backends.base import BackendOptions, Profile
from mol_edge.benchmark.measure import StopRule
from mol_edge.benchmark.modes import MODES, PACES, Mode, Pace
from mol_edge.errors import OptionError

_QUICK_SLICES = 2
_QUICK_RULE = StopRule(
    warm_up_ms=100, warm_up_queries=2, min_duration_ms=250, min_query_count=5, max_duration_ms=2000
)


@dataclass(frozen=True)
class BenchmarkOptions:
    """What is measured, how often and for how long.

    Attributes:
        devices: ``runtime[:device]`` each; none: every device that works here.
        precisions: of the bundle; none: all of them.
        modes: see `mol_edge.benchmark.modes.MEANING`.
        paces: ``back_to_back`` and ``camera``.
        rounds: processes for each device and precision, spread over the whole run.
        rule: warm-up and end of each measurement in each process.
        slices: parts of each measurement in each process; those of all modes take turns.
        threads: threads of one inference; 0: automatic.
        profile: as in `mol_edge.backends.BackendOptions`.
        fps: rate of the camera.
        video: what the pipeline is given; None: a face of the check set in 1280 × 720.
        detector: name of the face detector; None: the best there is.
        slow_down: factor by which every task is made slower, to try `compare`.

    Raises:
        OptionError: a value is out of range.

    Example:
        >>> BenchmarkOptions(modes=("stream",)).quick().rounds
        1
    """

    devices: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = MODES
    paces: tuple[Pace, ...] = PACES
    rounds: int = 16
    rule: StopRule = field(default_factory=StopRule)
    slices: int = 3
    threads: int = 0
    profile: Profile = "latency"
    fps: float = 30.0
    video: Path | None = None
    detector: str | None = None
    slow_down: float = 1.0

    def __post_init__(self) -> None:
        self._check_names()
        for name in ("rounds", "slices"):
            if not is_whole(getattr(self, name), 1):
                raise OptionError(f"{name} must be 1 or more, got {getattr(self, name)!r}.")
        if not isinstance(self.rule, StopRule):
            raise OptionError(f"rule must be of type StopRule, got {self.rule!r}.")
        # Which are checked there.
        BackendOptions(threads=self.threads, profile=self.profile)
        if not (is_finite(self.fps) and 0 < self.fps <= 1000):
            raise OptionError(f"fps must lie above 0 and at most at 1000, got {self.fps!r}.")
        if self.video is not None and not isinstance(self.video, Path):
            raise OptionError(f"video must be a Path or None, got {self.video!r}.")
        if self.detector is not None and not isinstance(self.detector, str):
            raise OptionError(f"detector must be a name or None, got {self.detector!r}.")
        if not (is_finite(self.slow_down) and 1 <= self.slow_down <= 100):
            raise OptionError(f"slow_down must lie between 1 and 100, got {self.slow_down!r}.")

    def _check_names(self) -> None:
        for name in ("devices", "precisions", "modes", "paces"):
            given = getattr(self, name)
            if not isinstance(given, (tuple, list)) or not all(
                isinstance(each, str) for each in given
            ):
                raise OptionError(f"{name} must be a tuple of names, got {given!r}.")
        for name, known in (("modes", MODES), ("paces", PACES)):
            given = getattr(self, name)
            unknown = [each for each in given if each not in known]
            if unknown or not given:
                came = unknown[0] if unknown else "none"
                raise OptionError(f"{name} must be some of {', '.join(known)}, got {came}.")

    def quick(self) -> BenchmarkOptions:
        """The same back to back alone, in one short round: a look, not a record."""
        return replace(
            self, paces=("back_to_back",), rounds=1, slices=_QUICK_SLICES, rule=_QUICK_RULE
        )

"""How far the build of an engine is, and how that is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

_EVERY_S = 10.0


@dataclass(frozen=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        graph: name of the graph.
        done: part of the steps that the builder has announced, 0 to 1.
        seconds: since it began.
        left_s: expected time that is left; None where nothing tells.
    """

    graph: str
    done: float
    seconds: float
    left_s: float | None


OnProgress = Callable[[BuildProgress], None]


def log_progress(clock: Callable[[], float] = time.monotonic) -> OnProgress:
    """Tells a build's progress in the log, every ten seconds."""
    told = clock()

    def tell(progress: BuildProgress) -> None:
        nonlocal told
        if clock() - told < _EVERY_S:
            return
        told = clock()
        left = "" if progress.left_s is None else f", about {progress.left_s:.0f} s left"
        log.warning(
            "Building %s: %.0f%% after %.0f s%s.",
            progress.graph,
            100 * progress.done,
            progress.seconds,
            left,
        )

    return tell


class PhaseSteps:
    """What part of a build is done, by the phases that the builder announces within each other.

    A phase's steps are equal parts of the step of its parent that is under way.

    Example:
        >>> steps = PhaseSteps()
        >>> steps.start("build", None, 2)
        >>> steps.complete("build", 0)
        >>> steps.start("time", "build", 4)
        >>> steps.complete("time", 0)
        >>> steps.done
        0.625
    """

    def __init__(self) -> None:
        self._phases: dict[str, tuple[str | None, int, int]] = {}

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """A phase begins."""
        self._phases[name] = (parent or None, max(1, steps), 0)

    def complete(self, name: str, step: int) -> None:
        """Step number `step`, from 0, of a phase is done."""
        if name in self._phases:
            parent, steps, _ = self._phases[name]
            self._phases[name] = (parent, steps, min(steps, step + 1))

    def finish(self, name: str) -> None:
        """A phase ends."""
        parent, steps, _ = self._phases.get(name, (None, 1, 0))
        if parent is None:
            self._phases[name] = (None, steps, steps)
        else:
            self._phases.pop(name, None)

    @property
    def done(self) -> float:
        """Between 0 and 1, of the outermost phases."""
        roots = [name for name, (parent, _, _) in self._phases.items() if parent is None]
        if not roots:
            return 0.0
        return sum(map(self._part, roots)) / len(roots)

    def _part(self, name: str) -> float:
        _, steps, done = self._phases[name]
        below = [child for child, (parent, _, _) in self._phases.items() if parent == name]
        inside = max((self._part(child) for child in below), default=0.0)
        return min(1.0, (done + min(inside, 1.0) * (done < steps)) / steps)

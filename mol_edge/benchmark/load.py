"""How much of the machine others use while something is measured."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")
# user, nice, system, irq, softirq, steal; guest time is part of user time.
_BUSY = (0, 1, 2, 5, 6, 7)
_STEAL = 7


@dataclass(frozen=True)
class Load:
    """Processor time of the machine and of this process since some moment.

    Attributes:
        wall_s: time on the clock.
        own_s: processor time of this process.
        all_s: of every process, what a hypervisor took included; None where nothing tells.
    """

    wall_s: float
    own_s: float
    all_s: float | None

    @classmethod
    def now(cls) -> Load:
        """As of now."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return cls(time.monotonic(), usage.ru_utime + usage.ru_stime, _busy_s(_STAT))

    def others_since(self, before: Load) -> float | None:
        """Cores that others kept busy since `before`, on average; None where nothing tells.

        Example:
            >>> Load(12.0, 3.0, 9.0).others_since(Load(10.0, 2.0, 5.0))
            1.5
        """
        wall = self.wall_s - before.wall_s
        if self.all_s is None or before.all_s is None or wall <= 0:
            return None
        return max(0.0, (self.all_s - before.all_s - (self.own_s - before.own_s)) / wall)


def _busy_s(path: Path) -> float | None:
    try:
        fields = path.read_text().partition("\n")[0].split()[1:]
        return sum(int(fields[at]) for at in _BUSY) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None


def rss_mb() -> float | None:
    """Memory of this process in use now, MB; None where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def peak_rss_mb() -> float:
    """The most memory that this process has used, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6

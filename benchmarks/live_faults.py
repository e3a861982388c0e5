"""Does a live source that fails again and again leave anything behind? Breaks readers, counts.

    python -m benchmarks.live_faults [--faults 60] [--warm-up 10]

The demo video stands for a camera, read by child processes that crash, hang (stopped by a signal)
and are killed in turn; the feed must come back each time. After the warm-up resident memory
may grow by less than 2 MB, and threads, open files and child processes not at all: exit code 1
otherwise.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from mol_edge.commands.values import whole
from mol_edge.health import HealthState
from mol_edge.sources import SourceOptions
from mol_edge.sources.child_reader import ChildReader
from mol_edge.sources.connector import Connector
from mol_edge.sources.feed import LiveFeed
from mol_edge.sources.live_options import LiveOptions

DEMO = Path(__file__).parents[1] / "examples" / "data" / "demo.mp4"
LIMIT_BYTES = 2_000_000
FRAMES_BETWEEN = 5


@dataclass(frozen=True)
class Footprint:
    """What this process holds."""

    resident: int
    threads: int
    files: int
    children: int

    @classmethod
    def now(cls) -> Footprint:
        """As the kernel sees it."""
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        children = 0
        for task in Path("/proc/self/task").iterdir():
            children += len((task / "children").read_text().split())
        files = len(os.listdir("/proc/self/fd"))
        size = pages * os.sysconf("SC_PAGE_SIZE")
        return cls(size, threading.active_count(), files, children)


def main() -> None:
    """Break readers and compare footprints."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--faults", type=whole(1), default=60)
    parser.add_argument("--warm-up", type=whole(0), default=10)
    asked = parser.parse_args()
    readers: list[ChildReader] = []

    def open_reader() -> ChildReader:
        # Only the newest is kept, or the list itself would hold them all.
        readers[:] = [ChildReader(str(DEMO), SourceOptions(), "demo")]
        return readers[0]

    options = LiveOptions(
        stall_s=0.3, hang_s=0.6, backoff_s=0.01, backoff_most_s=0.02, max_reconnects=None
    )
    feed = LiveFeed(Connector("demo", open_reader), options)
    begun = Footprint.now()
    given = 0
    ways = itertools.cycle((signal.SIGSEGV, signal.SIGSTOP, signal.SIGKILL))
    with feed:
        for _ in feed:
            given += 1
            if given % FRAMES_BETWEEN:
                continue
            if feed.reconnects == asked.warm_up:
                begun = Footprint.now()
            if feed.reconnects >= asked.faults:
                break
            os.kill(readers[0]._process.pid, next(ways))
        ended = Footprint.now()
    assert feed.state.state is HealthState.ENDED
    grown = ended.resident - begun.resident
    print(f"{feed.reconnects} faults, {feed.frames} pictures, {feed.dropped} dropped")
    print(f"resident memory {begun.resident / 1e6:.1f} MB, {grown / 1e6:+.2f} MB after")
    print(
        f"threads {begun.threads} -> {ended.threads}, files {begun.files} -> {ended.files}, "
        f"child processes {begun.children} -> {ended.children}"
    )
    names = ("threads", "files", "children")
    same = all(getattr(begun, name) == getattr(ended, name) for name in names)
    sys.exit(0 if same and grown < LIMIT_BYTES else 1)


if __name__ == "__main__":
    main()

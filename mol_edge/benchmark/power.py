"""Power while a benchmark runs: a Jetson's sensors, tegrastats, or Intel's and AMD's counters."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from mol_edge.benchmark.probe import read_number, read_text

_ROOT = Path("/")
# Slices last a tenth of a second.
_EVERY_S = 0.04
_STARTING_S = 1.0
_TOTAL = re.compile(r"VDD_IN|POM_5V_IN|VDD_TOTAL|VIN_SYS_5V0", re.IGNORECASE)
_TEGRASTATS = re.compile(r"(?:VDD_IN|POM_5V_IN|VIN_SYS_5V0) (\d+)(?:mW)?/")

Read = Callable[[], "float | None"]


@dataclass(frozen=True)
class PowerSource:
    """Something that tells power.

    Attributes:
        name: what it is, such as ``INA3221 VDD_IN`` or ``RAPL package-0``.
        watts: power now, or None for a counter of energy.
        joules: energy since some moment, or None for a meter of power.
        close: ends what was started for it.
    """

    name: str
    watts: Read | None = None
    joules: Read | None = None
    close: Callable[[], object] = bool


def find_source(root: Path = _ROOT) -> PowerSource | None:
    """The board's own meter, else tegrastats, else the processor's counters, else None.

    Args:
        root: where the system's files lie.
    """
    return _ina(root) or _tegrastats() or _rapl(root)


def open_meter() -> PowerMeter:
    """A meter of the best source there is; use it by `with`."""
    return PowerMeter(find_source())


def _ina(root: Path) -> PowerSource | None:
    """The rail of an INA3221 that feeds the whole board."""
    for label in sorted((root / "sys/class/hwmon").glob("hwmon*/in*_label")):
        name = read_text(label) or ""
        number = label.name.removeprefix("in").removesuffix("_label")
        files = [label.with_name(f"{kind}{number}_input") for kind in ("in", "curr")]
        if _TOTAL.search(name) and _product(*files):
            return PowerSource(f"INA3221 {name}", watts=partial(_product, *files))
    return None


def _product(millivolts: Path, milliamperes: Path) -> float | None:
    volts, amperes = read_number(millivolts, 1e-3), read_number(milliamperes, 1e-3)
    return None if volts is None or amperes is None else volts * amperes


def _rapl(root: Path) -> PowerSource | None:
    """The processor packages' energy, where it may be read (it needs privilege since 2020)."""
    zones = sorted((root / "sys/class/powercap").glob("*-rapl:[0-9]"))
    files = [zone / "energy_uj" for zone in zones]
    if not files or any(read_number(file) is None for file in files):
        return None
    counters = [_Counter(zone) for zone in zones]

    def joules() -> float | None:
        values = [counter.joules() for counter in counters]
        return None if None in values else sum(value for value in values if value is not None)

    return PowerSource(f"RAPL, {len(files)} package(s)", joules=joules)


class _Counter:
    """A package's counter of energy, which begins anew at its range."""

    def __init__(self, zone: Path) -> None:
        self._file = zone / "energy_uj"
        self._range = read_number(zone / "max_energy_range_uj", 1e-6) or 0.0
        self._before, self._turns = 0.0, 0

    def joules(self) -> float | None:
        value = read_number(self._file, 1e-6)
        if value is None:
            return None
        self._turns += value < self._before
        self._before = value
        return value + self._turns * self._range


class PowerMeter:
    """Samples power 25 times a second in a thread of its own; nothing where there is no source.

    Args:
        source: what is sampled, None: nothing.
        every_s: time between two samples.

    Example:
        >>> with PowerMeter(None) as meter:
        ...     meter.mean_watts([(0, 1)]) is None
        True
    """

    def __init__(self, source: PowerSource | None, every_s: float = _EVERY_S) -> None:
        self.name = None if source is None else source.name
        self._source, self._every_s = source, every_s
        self._samples: list[tuple[int, float]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="power", daemon=True)

    def __enter__(self) -> PowerMeter:
        if self._source is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._source is not None:
            self._thread.join()
            self._source.close()

    def mean_watts(self, spans: Sequence[tuple[int, int]]) -> float | None:
        """Mean power over spans of the monotonic clock; None with fewer than 2 samples.

        Args:
            spans: begin and end of each, nanoseconds.
        """
        if self._source is None:
            return None
        samples = list(self._samples)
        moments = [moment for moment, _ in samples]
        parts = [
            samples[bisect_left(moments, begin) : bisect_right(moments, end)]
            for begin, end in spans
        ]
        if self._source.watts is not None:
            values = [value for part in parts for _, value in part]
            return fmean(values) if len(values) > 1 else None
        parts = [part for part in parts if len(part) > 1]
        joules = sum(part[-1][1] - part[0][1] for part in parts)
        return joules / (sum(part[-1][0] - part[0][0] for part in parts) / 1e9) if parts else None

    def _sample(self) -> None:
        assert self._source is not None
        read = self._source.watts or self._source.joules
        while read is not None and not self._stop.wait(self._every_s):
            value = read()
            if value is not None:
                self._samples.append((time.monotonic_ns(), value))


def tegrastats_watts(lines: Sequence[str]) -> list[float]:
    """The board's power in lines of tegrastats, watts.

    Example:
        >>> tegrastats_watts(["RAM 2/7 VDD_IN 4996mW/4996mW VDD_CPU 600mW/600mW"])
        [4.996]
    """
    found = (_TEGRASTATS.search(line) for line in lines)
    return [int(match[1]) / 1e3 for match in found if match]


def _tegrastats() -> PowerSource | None:
    """tegrastats, where it is installed and tells the board's power."""
    command = ["tegrastats", "--interval", "50"]
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    except OSError:
        return None
    newest: list[float] = []

    def follow() -> None:
        for line in process.stdout or ():
            newest[:] = tegrastats_watts([line]) or newest

    threading.Thread(target=follow, name="tegrastats", daemon=True).start()
    time.sleep(_STARTING_S)
    if not newest:
        process.kill()
        return None
    return PowerSource("tegrastats", watts=lambda: newest[0], close=process.kill)

"""Rates of a run: how fast it goes, and how long it waits for data."""

from __future__ import annotations

import time

import numpy as np

from training.losses import Losses


class Clock:
    """Means and rates since the last row of the log; validation and saving do not count."""

    def __init__(self) -> None:
        self._waited = 0.0
        self._reset()

    def _reset(self) -> None:
        self._began = time.perf_counter()
        self._rows: list[tuple[float, ...]] = []
        self._clips = self._stills = 0

    def count(self, losses: Losses, clips: int, stills: int) -> None:
        self._rows.append(tuple(float(part) for part in losses))
        self._clips, self._stills = self._clips + clips, self._stills + stills

    def row(self, waited: float) -> dict[str, float]:
        seconds = time.perf_counter() - self._began
        names = ("loss", "expression", "flow", "landmarks")
        means = np.mean(self._rows, axis=0)
        row = {name: float(mean) for name, mean in zip(names, means)}
        row |= {"clips_per_s": self._clips / seconds, "stills_per_s": self._stills / seconds}
        row["waiting"] = (waited - self._waited) / seconds
        self._waited = waited
        self._reset()
        return row

    def paused(self) -> _Pause:
        return _Pause(self)


class _Pause:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __enter__(self) -> None:
        self._at = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._clock._began += time.perf_counter() - self._at

"""Speech: movements of a mouth that go on from one another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mol_edge import cells
from mol_edge.path_history import PathHistory

# A mouth that went this share of a movement's height so shortly before is speaking; noise alone
# makes a way of some deviations. Shortly before its onset a movement may rise already.
_RESTLESS, _RESTLESS_NOISE = 0.8, 4.0
_BEFORE_NS, _RISE_NS = 450_000_000, 40_000_000


def is_syllable(history: PathHistory, onset_ns: int, peak: NDArray[np.float64]) -> bool:
    """Whether a movement of the mouth goes on from others of its size.

    Args:
        history: in which the time before it is still kept.
        onset_ns: when it begins.
        peak: float64 [cells, 2], its height.
    """
    height = np.hypot(*peak.T)[cells.EVIDENCE]
    strongest = int(height.argmax())
    if strongest not in cells.MOUTH:
        return False
    window = history.since(onset_ns - _BEFORE_NS)
    earlier = window.paths[window.times_ns < onset_ns - _RISE_NS, strongest]
    if len(earlier) < 3:
        return False
    way = float(np.hypot(*np.ptp(earlier, axis=0)))
    noise = float(np.hypot(*history.noise[strongest]))
    return way > max(_RESTLESS * float(height[strongest]), _RESTLESS_NOISE * noise)

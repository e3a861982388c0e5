"""How long to wait before the next attempt."""

from __future__ import annotations

import random


class Backoff:
    """Pauses that double up to a limit, each shortened at random by up to half.

    Chance keeps many devices that lost the same server from coming back in step.

    Args:
        first_s: the pause before the first attempt.
        most_s: the longest pause.
        chance: what draws the shortening.

    Example:
        >>> backoff = Backoff(1, 4, random.Random(0))
        >>> [0.5 <= backoff.next_s() / pause <= 1 for pause in (1, 2, 4, 4)]
        [True, True, True, True]
    """

    def __init__(self, first_s: float, most_s: float, chance: random.Random | None = None) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._chance = chance or random.Random()
        self.attempts = 0

    def next_s(self) -> float:
        """Seconds to wait before the next attempt, which is counted."""
        # Beyond 2^30 the limit holds anyway, and a float would overflow after weeks.
        pause: float = min(self._most_s, self._first_s * 2.0 ** min(self.attempts, 30))
        self.attempts += 1
        return pause * self._chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Forget the failures."""
        self.attempts = 0

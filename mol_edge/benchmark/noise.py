"""Is a change more than noise? Judged by processes, not by queries.

Thousands of queries of one process agree with each other and may all be off: what differs between
two runs on one machine differs between processes. So the sample is one figure per process, as a
logarithm, and the noise is how these spread.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, variance

from mol_edge.benchmark.student import quantile, tail

_PRIOR_FREEDOM = 4.0
_LEAST_DEVIATION = 0.005
"""No machine repeats itself better than to half a percent, whatever three processes say."""


@dataclass(frozen=True)
class Sample:
    """A figure of each process before and after, in any unit; two or more each.

    Attributes:
        before: of the first report.
        after: of the second.
    """

    before: Sequence[float]
    after: Sequence[float]

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the spread."""
        return len(self.before) + len(self.after) - 2

    @property
    def log_change(self) -> float:
        """Logarithm of the ratio of the (geometric) means."""
        return fmean(map(math.log, self.after)) - fmean(map(math.log, self.before))

    @property
    def log_variance(self) -> float:
        """Variance between processes, pooled over both reports."""
        parts = (
            (len(values) - 1) * variance([math.log(value) for value in values])
            for values in (self.before, self.after)
        )
        return max(sum(parts) / self.freedom, _LEAST_DEVIATION**2)


@dataclass(frozen=True)
class Change:
    """How much slower, and how sure that is.

    Attributes:
        ratio: after over before.
        low, high: bounds of the ratio, 95% confidence.
        slower, faster: probabilities that chance alone looks so much slower or faster.
    """

    ratio: float
    low: float
    high: float
    slower: float
    faster: float


def judge(samples: Sequence[Sample]) -> list[Change]:
    """The change of each sample by Student's test on moderated variances.

    A few processes say little of their own spread, so each variance is drawn towards the median
    of all (weighed as 4 more degrees of freedom), as is done for genes on microarrays (Smyth 2004).

    Example:
        >>> change = judge([Sample([10, 10.1, 9.9], [11, 11.1, 10.9])])[0]
        >>> round(change.ratio, 2), change.slower < 0.001
        (1.1, True)
    """
    if not samples:
        return []
    usual = median(sample.log_variance for sample in samples)
    return [_change(sample, usual) for sample in samples]


def _change(sample: Sample, usual: float) -> Change:
    freedom = sample.freedom + _PRIOR_FREEDOM
    moderated = (sample.freedom * sample.log_variance + _PRIOR_FREEDOM * usual) / freedom
    error = math.sqrt(moderated * (1 / len(sample.before) + 1 / len(sample.after)))
    shift, reach = sample.log_change, quantile(0.025, freedom) * error
    slower = tail(shift / error, freedom)
    return Change(
        ratio=math.exp(shift),
        low=math.exp(shift - reach),
        high=math.exp(shift + reach),
        slower=slower,
        faster=1 - slower,
    )


def holm(probabilities: Sequence[float], level: float) -> list[bool]:
    """Which of several tests hold at a level for all of them together (Holm 1979).

    Example:
        >>> holm([0.03, 0.001, 0.2], 0.05)
        [False, True, False]
    """
    order = sorted(range(len(probabilities)), key=lambda index: probabilities[index])
    holds = [False] * len(probabilities)
    for rank, index in enumerate(order):
        if probabilities[index] > level / (len(order) - rank):
            break
        holds[index] = True
    return holds

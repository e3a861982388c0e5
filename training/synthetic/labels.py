"""Emotions, their action units, and the class sets of CASME II, SAMM and the 3-class task.

`AU_TABLE` gives, per emotion, the probability that an action unit takes part. It follows the
combinations that MiE-X lists (happiness 6, 12, 25; surprise 1, 2, 5, 25, 26; disgust 9, 10, 17;
anger 4, 7, 23; sadness 1, 4, 15; contempt one-sided 14; repression 15, 17); the numbers are ours.
Since two emotions may draw the same units, no classifier can be perfect: `bayes_uf1` says how
good the best one is that sees the true units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError

EMOTIONS = (
    "happiness", "surprise", "disgust", "repression", "anger", "sadness", "contempt", "others",
)  # fmt: skip
ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26)

CASME5 = ("happiness", "disgust", "repression", "surprise", "others")
SAMM5 = ("anger", "contempt", "happiness", "surprise", "others")
CLASSES3 = ("negative", "positive", "surprise")

# P(unit | emotion). The first unit of a row is certain: it is what defines the emotion.
AU_TABLE: dict[str, dict[int, float]] = {
    "happiness": {12: 1.0, 6: 0.6, 25: 0.25},
    "surprise": {1: 1.0, 2: 0.9, 5: 0.5, 25: 0.3, 26: 0.3},
    "disgust": {9: 0.6, 10: 0.65, 4: 0.25, 17: 0.25},
    "repression": {17: 0.85, 15: 0.7},
    "anger": {4: 1.0, 7: 0.6, 23: 0.5},
    "sadness": {1: 0.8, 4: 0.6, 15: 0.6},
    "contempt": {14: 1.0},
}
# "others": two or three units of this list that no row above has together.
OTHERS_UNITS = (2, 4, 5, 7, 12, 14, 17, 20, 23, 26)
# One fifth for each class of CASME II, whose "others" holds the last four emotions.
PRIOR = {
    "happiness": 0.2, "surprise": 0.2, "disgust": 0.2, "repression": 0.2,
    "anger": 0.06, "sadness": 0.05, "contempt": 0.05, "others": 0.04,
}  # fmt: skip

ClassSet = Literal["casme5", "samm5", "classes3"]


def to_casme5(emotion: str) -> int | None:
    """Index into `CASME5`; anger, sadness and contempt count as others; None without emotion.

    Example:
        >>> to_casme5("disgust"), to_casme5("anger"), to_casme5("none")
        (1, 4, None)
    """
    if emotion not in EMOTIONS:
        return None
    return CASME5.index(emotion if emotion in CASME5 else "others")


def to_samm5(emotion: str) -> int | None:
    """Index into `SAMM5`; disgust, sadness and repression count as others.

    Example:
        >>> to_samm5("contempt"), to_samm5("repression")
        (1, 4)
    """
    if emotion not in EMOTIONS:
        return None
    return SAMM5.index(emotion if emotion in SAMM5 else "others")


def to_class3(emotion: str) -> int | None:
    """Index into `CLASSES3`; "others" has no place there and gives None, as in MEGC.

    Example:
        >>> to_class3("happiness"), to_class3("sadness"), to_class3("others")
        (1, 0, None)
    """
    if emotion not in EMOTIONS or emotion == "others":
        return None
    return {"happiness": 1, "surprise": 2}.get(emotion, 0)


CLASS_SETS: dict[ClassSet, tuple[tuple[str, ...], Callable[[str], int | None]]] = {
    "casme5": (CASME5, to_casme5),
    "samm5": (SAMM5, to_samm5),
    "classes3": (CLASSES3, to_class3),
}


def sample_emotion(rng: np.random.Generator) -> str:
    """Draw an emotion by `PRIOR`."""
    return str(rng.choice(list(PRIOR), p=list(PRIOR.values())))


def sample_units(emotion: str, rng: np.random.Generator) -> tuple[int, ...]:
    """Draw the action units of one event, ascending, at least one.

    Raises:
        OptionError: the emotion is not one of `EMOTIONS`.

    Example:
        >>> import numpy as np
        >>> 12 in sample_units("happiness", np.random.default_rng(0))
        True
    """
    if emotion == "others":
        return _sample_others(rng)
    if emotion not in AU_TABLE:
        raise OptionError(
            f"The emotion must be one of {', '.join(EMOTIONS)}, got {emotion!r}; "
            "choose one of them."
        )
    row = AU_TABLE[emotion]
    while True:
        drawn = tuple(sorted(unit for unit, p in row.items() if rng.random() < p))
        if drawn:
            return drawn


def _sample_others(rng: np.random.Generator) -> tuple[int, ...]:
    while True:
        count = int(rng.integers(2, 4))
        drawn = {int(unit) for unit in rng.choice(OTHERS_UNITS, count, replace=False)}
        if not any(drawn <= row.keys() for row in AU_TABLE.values()):
            return tuple(sorted(drawn))


def posterior(units: tuple[int, ...]) -> NDArray[np.float64]:
    """P(emotion | units), in the order of `EMOTIONS`, with `PRIOR` as the prior.

    Contempt's unit 14 is one-sided, and so always told from the two-sided one.
    """
    weights = np.array([PRIOR[e] * _likelihood(e, frozenset(units)) for e in EMOTIONS])
    return weights / weights.sum()


def _likelihood(emotion: str, units: frozenset[int]) -> float:
    if emotion == "others":
        return _OTHERS_LIKELIHOOD.get(units, 0.0)
    row = AU_TABLE[emotion]
    if not units <= row.keys():
        return 0.0
    none = float(np.prod([1.0 - p for p in row.values()]))
    present = np.prod([p if unit in units else 1.0 - p for unit, p in row.items()])
    return float(present) / (1.0 - none)


def _others_likelihood() -> dict[frozenset[int], float]:
    from itertools import combinations

    weights: dict[frozenset[int], float] = {}
    for count in (2, 3):
        sets = [frozenset(c) for c in combinations(OTHERS_UNITS, count)]
        for units in sets:
            if not any(units <= row.keys() for row in AU_TABLE.values()):
                weights[units] = 1.0 / len(sets)
    total = sum(weights.values())
    return {units: weight / total for units, weight in weights.items()}


_OTHERS_LIKELIHOOD = _others_likelihood()


def _confusion(class_set: ClassSet, samples: int, seed: int) -> NDArray[np.int64]:
    names, mapping = CLASS_SETS[class_set]
    rng = np.random.default_rng(seed)
    table = np.zeros((len(names), len(names)), np.int64)
    columns = np.array([-1 if (c := mapping(e)) is None else c for e in EMOTIONS])
    decided: dict[tuple[int, ...], int] = {}
    while int(table.sum()) < samples:
        emotion = sample_emotion(rng)
        truth = mapping(emotion)
        if truth is None:
            continue
        units = sample_units(emotion, rng)
        if units not in decided:
            weight = posterior(units)
            scores = [weight[columns == c].sum() for c in range(len(names))]
            decided[units] = int(np.argmax(scores))
        table[truth, decided[units]] += 1
    return table


def bayes_accuracy(class_set: ClassSet = "casme5", samples: int = 20000, seed: int = 0) -> float:
    """Accuracy of the best classifier that knows the true action units (Monte Carlo).

    Example:
        >>> bayes_accuracy("classes3", samples=2000) > 0.9
        True
    """
    table = _confusion(class_set, samples, seed)
    return float(np.trace(table) / table.sum())


def bayes_uf1(class_set: ClassSet = "casme5", samples: int = 20000, seed: int = 0) -> float:
    """Unweighted F1 of that classifier: the ceiling that the label noise allows.

    Example:
        >>> 0.8 < bayes_uf1("casme5", samples=2000) < 1.0
        True
    """
    table = _confusion(class_set, samples, seed)
    hits = np.diag(table)
    return float(np.mean(2 * hits / np.maximum(table.sum(0) + table.sum(1), 1)))

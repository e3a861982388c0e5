"""A five-class model judged in three classes, and how good synthetic labels let anyone be."""

from __future__ import annotations

from collections.abc import Sequence

from training.synthetic.labels import CLASS_SETS, CLASSES3, bayes_accuracy, bayes_uf1

_MERGED = {"happiness": "positive", "surprise": "surprise"}


def merged(probabilities: Sequence[float], labels: Sequence[str]) -> tuple[float, ...] | None:
    """Probabilities of the three classes, from those of a class set of emotions.

    Happiness is positive, surprise stays, all else is negative: clips of the emotion "others"
    have no place among the three classes, so what a five-class model calls others is anger,
    sadness, contempt and the like. None where the labels are of another kind.

    Example:
        >>> labels = ("happiness", "disgust", "repression", "surprise", "others")
        >>> merged((0.5, 0.125, 0.125, 0.25, 0.0), labels)
        (0.25, 0.5, 0.25)
    """
    if not {"happiness", "surprise"} <= set(labels):
        return None
    sums = dict.fromkeys(CLASSES3, 0.0)
    for label, probability in zip(labels, probabilities):
        sums[_MERGED.get(label, "negative")] += probability
    return tuple(sums[name] for name in CLASSES3)


def ceilings(labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Accuracy and UF1 of the best classifier that knows the true action units.

    Returns:
        By class set: that of the labels, and the three classes.
    """
    wanted = [name for name, (names, _) in CLASS_SETS.items() if tuple(labels) == names]
    return {
        name: {"accuracy": bayes_accuracy(name), "uf1": bayes_uf1(name)}
        for name in dict.fromkeys([*wanted, "classes3"])
        if name in CLASS_SETS
    }

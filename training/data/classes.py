"""Emotions as the coding sheets name them, and the class sets they are counted in."""

from __future__ import annotations

from mol_edge.errors import OptionError
from training.data.options import SetName
from training.synthetic.labels import CASME5, CLASSES3, SAMM5

# Three classes as the MEGC 2019 composite set forms them; "others" is neither good nor bad.
_TO_CLASS3 = {
    "happiness": "positive",
    "positive": "positive",
    "surprise": "surprise",
    "negative": "negative",
    "anger": "negative",
    "contempt": "negative",
    "disgust": "negative",
    "fear": "negative",
    "repression": "negative",
    "sadness": "negative",
}
_SPELLINGS = {"other": "others"}

EMOTIONS = frozenset(_TO_CLASS3) | {"others"}


def normal_emotion(name: str) -> str:
    """An emotion in lower case, with `other` written `others`.

    Example:
        >>> normal_emotion(" Other"), normal_emotion("Happiness")
        ('others', 'happiness')
    """
    lower = name.strip().lower()
    return _SPELLINGS.get(lower, lower)


def class_names(dataset: SetName, classes: int) -> tuple[str, ...]:
    """Names of the classes, in the order of their labels.

    Raises:
        OptionError: the set has no such class set.

    Example:
        >>> class_names("samm", 5)
        ('anger', 'contempt', 'happiness', 'surprise', 'others')
    """
    if classes == 3:
        return CLASSES3
    if classes == 5 and dataset != "smic":
        return CASME5 if dataset == "casme2" else SAMM5
    raise OptionError(f"{dataset} has no set of {classes} classes: choose 3, or 5 but for SMIC.")


def label_of(emotion: str, dataset: SetName, classes: int) -> int | None:
    """Index of an emotion's class, None where the class set does not hold it.

    Five classes are taken as they are named: the few clips of fear and sadness in CASME II, and
    of disgust, fear and sadness in SAMM, belong to none. Three classes join all negative ones.

    Example:
        >>> label_of("Sadness", "casme2", 5), label_of("Sadness", "casme2", 3)
        (None, 0)
    """
    names = class_names(dataset, classes)
    name: str | None = normal_emotion(emotion)
    if classes == 3:
        name = _TO_CLASS3.get(name or "")
    return names.index(name) if name in names else None

"""What may be lost by task, as a command line states it in percent."""

from __future__ import annotations

from collections.abc import Collection

_AT_MOST = {"classes": 100.0}


def parse_drops(text: str, tasks: Collection[str]) -> dict[str, float]:
    """Read ``classes=2,flow=5``: percents by task, each named once; nothing names none.

    Classes are lost in shares of the clips, so at most 100; errors may rise by any finite share.

    Raises:
        ValueError: anything else; the message says what was expected and what came.

    Example:
        >>> parse_drops("flow=7.5", ("classes", "flow"))
        {'flow': 7.5}
    """
    found: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        task, _, given = (word.strip() for word in part.partition("="))
        try:
            value = float(given)
        except ValueError:
            value = -1.0
        most = _AT_MOST.get(task, 1e9)
        if task not in tasks or task in found or not 0 <= value <= most:
            twice = " twice" if task in found else ""
            raise ValueError(
                "must be percents by task, each named once, from 0 on and of classes up to 100, "
                f"such as classes=2,flow=5,landmarks=3, got {part.strip()!r}{twice} in {text!r}"
            )
        found[task] = value
    return found

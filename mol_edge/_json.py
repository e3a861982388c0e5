"""JSON from a file that may be anything, with faults that say what a user can see."""

from __future__ import annotations

import json


def parse_json(content: bytes) -> object:
    r"""The value of a JSON text.

    Raises:
        ValueError: it is none; the message says why in plain words.

    Example:
        >>> parse_json(b"\xff")
        Traceback (most recent call last):
            ...
        ValueError: it is no text
    """
    try:
        value: object = json.loads(content)
    except UnicodeDecodeError:
        raise ValueError("it is no text") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value

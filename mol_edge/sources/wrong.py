"""Sources that no further attempt will mend: programs and settings, not cameras."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

from mol_edge.errors import ArrayError, InputError, MissingExtraError, OptionError
from mol_edge.frame import Frame
from mol_edge.sources.base import Source

_ITEMS = "Frame objects, uint8 images or (image, timestamp in nanoseconds)"

_PACKAGE = Path(__file__).parents[1]
_OF_PROGRAMS = (TypeError, AttributeError, NameError, ImportError, NotImplementedError, SystemExit)
_WRONG = (*_OF_PROGRAMS, ArrayError, OptionError, MissingExtraError)


class WrongSourceError(InputError):
    """A source was told wrongly, or is programmed so: trying it anew is of no use.

    One that has given pictures is tried anew all the same: a camera that is lost makes programs
    stumble too.
    """


def as_wrong(error: BaseException, name: str) -> WrongSourceError | None:
    """What code of the caller's raised as an error that says what is expected of it, if it is one.

    Args:
        error: what it raised.
        name: what the source is called.

    Example:
        >>> str(as_wrong(TypeError("no number"), "my_camera")).partition(", and ")[2]
        'raised TypeError: no number: correct that.'
        >>> as_wrong(OSError("unplugged"), "my_camera") is None
        True
    """
    if isinstance(error, WrongSourceError):
        return error
    if not isinstance(error, _WRONG):
        return None
    if not isinstance(error, _OF_PROGRAMS):
        return WrongSourceError(str(error))
    return WrongSourceError(
        f"{name} must give {_ITEMS}, and raised {type(error).__name__}: {error}{_place(error)}: "
        "correct that."
    )


def frames_of(source: Source) -> Iterator[Frame]:
    """The frames of a source of the caller's; WrongSourceError at what is none."""
    for frame in source:
        if not isinstance(frame, Frame):
            raise WrongSourceError(
                f"{source.name} must give Frame objects, got {type(frame).__name__}: make one of "
                "each picture."
            )
        yield frame


def check_iterable(opened: object, name: str) -> None:
    """Raise WrongSourceError if a function returned nothing that can be iterated over."""
    if not hasattr(opened, "__iter__") and not hasattr(opened, "__getitem__"):
        raise WrongSourceError(
            f"{name} must return an iterable of {_ITEMS}, got {type(opened).__name__}: return one, "
            "or yield each picture."
        )


def _place(error: BaseException) -> str:
    """Where in the caller's code it was raised."""
    for entry in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(entry.filename)
        if not path.is_relative_to(_PACKAGE):
            return f" ({path.name}, line {entry.lineno})"
    return ""

"""The caller's functions that a live run calls: what they raise is logged and counted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from mol_edge.errors import OptionError

log = logging.getLogger(__name__)

T = TypeVar("T")

_TOLD_IN_FULL = 3


def check_callbacks(**functions: object) -> None:
    """Raise OptionError, by its name, for what is neither a function nor None."""
    for name, function in functions.items():
        if function is not None and not callable(function):
            raise OptionError(f"{name} must be a function, got {function!r}.")


class Callbacks:
    """Calls functions of the caller's, from any thread; nothing that they raise goes further.

    Attributes:
        errors: how many exceptions they raised.

    Example:
        >>> seen = []
        >>> Callbacks().call(seen.append, "a picture")
        >>> seen
        ['a picture']
    """

    def __init__(self) -> None:
        self.errors = 0
        self._counting = threading.Lock()
        self._inside = threading.local()

    @property
    def inside(self) -> bool:
        """Whether this thread is in one of the functions."""
        return getattr(self._inside, "a_call", False)

    def call(self, function: Callable[[T], object] | None, value: T) -> None:
        """Call a function, if there is one."""
        if function is None:
            return
        self._inside.a_call = True
        try:
            function(value)
        except (Exception, SystemExit) as error:
            # SystemExit would end this thread alone, without a word, and not the program.
            self._count(error)
        finally:
            self._inside.a_call = False

    def _count(self, error: BaseException) -> None:
        with self._counting:
            self.errors += 1
            count = self.errors
        # One that raises at every frame must not fill a disk within days.
        if count <= _TOLD_IN_FULL:
            log.exception("A function of the caller's raised.")
        elif count & (count - 1) == 0:
            log.error("Functions of the caller's have raised %d times: %r.", count, error)

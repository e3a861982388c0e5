"""Room for one picture between the thread that reads and the one that computes."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds the newest item until it is taken; safe between threads.

    Example:
        >>> box = Mailbox()
        >>> box.put("old"), box.put("new")
        (False, True)
        >>> box.take()
        'new'
        >>> box.close()
        >>> box.take() is None
        True
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> bool:
        """Leave an item; whether it replaced one that nobody had taken."""
        with self._changed:
            replaced = self._item is not None
            self._item = item
            self._changed.notify_all()
            return replaced

    def take(self, wait: bool = True) -> T | None:
        """The item, waited for; None once there will be none any more (or not `wait`)."""
        with self._changed:
            while self._item is None and not self._closed and wait:
                self._changed.wait()
            item, self._item = self._item, None
            self._changed.notify_all()
            return item

    def wait_empty(self, seconds: float) -> bool:
        """Wait until the item has been taken, at most `seconds`; whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: self._item is None or self._closed, seconds)

    def close(self) -> None:
        """No item will follow; one that is there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

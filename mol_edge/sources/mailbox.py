"""Where pictures wait between the thread that reads and the one that computes."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds the newest items until they are taken; safe between threads.

    Args:
        room: how many items may wait; a further one replaces the oldest.

    Attributes:
        dropped: items that were replaced or passed over.

    Example:
        >>> box = Mailbox(room=2)
        >>> for item in "abc":
        ...     box.put(item)
        >>> box.take(), box.take(wait=False), box.take(wait=False), box.dropped
        ('b', 'c', None, 1)
    """

    def __init__(self, room: int = 1) -> None:
        self.dropped = 0
        self._room = room
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: T) -> None:
        """Leave an item."""
        with self._changed:
            self._items.append(item)
            self._leave(self._room)
            self._changed.notify_all()

    def take(self, wait: bool = True, newest: bool = False) -> T | None:
        """The oldest item, or the newest alone; None where there is none and none will come.

        Args:
            wait: whether to wait for an item until the box is closed.
            newest: whether to pass the older ones over.
        """
        with self._changed:
            while not self._items and not self._closed and wait:
                self._changed.wait()
            if newest:
                self._leave(1)
            item = self._items.popleft() if self._items else None
            self._changed.notify_all()
            return item

    def wait_empty(self, seconds: float) -> bool:
        """Wait until every item has been taken, at most `seconds`; whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._items or self._closed, seconds)

    def close(self) -> None:
        """No item will follow; those that are there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _leave(self, most: int) -> None:
        while len(self._items) > most:
            self._items.popleft()
            self.dropped += 1

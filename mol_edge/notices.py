"""What a pipeline tells its user in the log, each once."""

from __future__ import annotations

import logging

from mol_edge.manifest import Manifest

log = logging.getLogger(__name__)

_SLOW_FRAMES = 8
_SLOW_NS = 3_000_000_000


class Notices:
    """Warnings about a run; each kind is given once, however many frames call for it."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._slow = 0
        self._slow_since_ns = 0

    @property
    def camera_was_slow(self) -> bool:
        """Whether the frame before was one of a camera that is too slow."""
        return self._slow > 0

    def untrained(self, manifest: Manifest) -> None:
        """Say so if a bundle's weights, or its classes, have not been learned."""
        if not manifest.trained:
            self._tell(
                "The bundle %s is not trained: its classes and landmarks mean nothing yet.",
                manifest.name,
            )
        elif not manifest.knows_classes:
            self._tell(
                "The bundle %s was measured to tell its classes apart no better than guessing: use "
                "its landmarks, flow and events, and ignore its classes.",
                manifest.name,
            )

    def several_faces(self, found: int, most: int = 1) -> None:
        """Say so if there are more faces than are taken."""
        if found > most:
            taken = "the largest is" if most == 1 else f"the {most} largest are"
            self._tell("%d faces are in view: %s taken.", found, taken)

    def turned(self, turn: int) -> None:
        """Say so if a face lies, since its points are then where it has none."""
        if turn:
            self._tell(
                "The face seems to lie %s, where a detector finds points that it does not have: "
                "turn the pictures with --rotate %d, or SourceOptions(rotate=%d) in Python.",
                "upside down" if turn == 180 else "on its side",
                turn,
                turn,
            )

    def camera(
        self,
        slow: bool,
        window_ms: float,
        period_ns: float | None,
        timestamp_ns: int,
        live: bool = True,
    ) -> None:
        """Say that a camera is too slow for its window, and what would help.

        Of a live source not before it has been for some seconds: its first frames come late while
        graphs are loaded and the detector looks.
        """
        self._slow = self._slow + 1 if slow else 0
        if self._slow <= 1:
            self._slow_since_ns = timestamp_ns
        patience_ns = _SLOW_NS if live else 0
        if self._slow < _SLOW_FRAMES or timestamp_ns - self._slow_since_ns < patience_ns:
            return
        self._tell(
            "8 frames do not fit the window of %.0f ms at one each %.1f ms, so none of that length "
            "is classified: raise the frame rate, or windows_ms (--windows-ms).",
            window_ms,
            (period_ns or 0) / 1e6,
        )

    def _tell(self, message: str, *values: object) -> None:
        if message not in self._told:
            self._told.add(message)
            log.warning(message, *values)

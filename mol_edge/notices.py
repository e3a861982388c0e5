"""What a pipeline tells its user in the log, each once."""

from __future__ import annotations

import logging

from mol_edge.manifest import Manifest

log = logging.getLogger(__name__)


class Notices:
    """Warnings about a run; each kind is given once, however many frames call for it."""

    def __init__(self) -> None:
        self._told: set[str] = set()

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

    def _tell(self, message: str, *values: object) -> None:
        if message not in self._told:
            self._told.add(message)
            log.warning(message, *values)

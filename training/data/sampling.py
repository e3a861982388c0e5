"""Which 8 frames of a clip make a sample, and the pairs whose flow they need."""

from __future__ import annotations

from collections.abc import Iterable

from mol_edge.windows import event_samples, official_phases
from training.data.options import Protocol

Indices = tuple[int, ...]


def clip_samples(frames: int, protocol: Protocol) -> list[Indices]:
    """The samples of a clip of n frames: the official protocol's phases, then the event's.

    Raises:
        InputError: fewer than 8 frames.

    Example:
        >>> clip_samples(8, "both")
        [(0, 1, 2, 3, 4, 5, 6, 7)]
    """
    samples: list[Indices] = []
    if protocol != "event":
        samples += official_phases(frames)
    if protocol != "official":
        samples.append(event_samples(frames))
    return list(dict.fromkeys(samples))


def pairs_of(samples: Iterable[Indices]) -> list[tuple[int, int]]:
    """Every pair of consecutive samples, once, in order."""
    return sorted({pair for sample in samples for pair in zip(sample, sample[1:])})

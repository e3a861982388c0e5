"""From a movement that was spotted to an event with a class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mol_edge import _core
from mol_edge.engine import Engine
from mol_edge.errors import FramesGoneError
from mol_edge.event import Event
from mol_edge.spot import Spot


def classified(
    engine: Engine,
    labels: tuple[str, ...],
    track_id: int,
    spot: Spot,
    latency_ms: Callable[[], float],
    flow: bool = False,
) -> Event:
    """Classify a movement by 8 of its frames, from onset to offset.

    Args:
        engine: keeps the frames.
        labels: names of the classes.
        track_id: the face.
        spot: when it moved, and how.
        latency_ms: time since the offset was captured, asked for when the class is known.
        flow: whether to compute the 7 flows between the frames.

    Returns:
        The event; without a class, and with the reason, where its frames are not kept any more.
    """
    output, refusal = None, None
    try:
        output = engine.classify_event(track_id, spot.onset_ns, spot.offset_ns, flow)
    except FramesGoneError as error:
        refusal = str(error)
    probabilities = None if output is None else _core.softmax(output.logits[np.newaxis])[0]
    return Event(
        track_id=track_id,
        kind=spot.kind,
        onset=spot.onset,
        apex=spot.apex,
        offset=spot.offset,
        onset_ns=spot.onset_ns,
        apex_ns=spot.apex_ns,
        offset_ns=spot.offset_ns,
        peak_px=dict(spot.peak_px),
        label=None if probabilities is None else labels[int(probabilities.argmax())],
        probabilities=probabilities,
        logits=None if output is None else output.logits,
        samples=() if output is None else output.samples,
        flow=None if output is None else output.flow,
        latency_ms=latency_ms(),
        refusal=refusal,
    )

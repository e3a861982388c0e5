"""The windows that end at a frame, for several faces and time scales at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mol_edge.cadence import Cadence, Scale
from mol_edge.engine_output import WindowOutput
from mol_edge.kept import Track
from mol_edge.results import WindowState
from mol_edge.sampling import span_of, window_at
from mol_edge.stages import Stages


def windows_of(
    tracks: Sequence[Track], cadence: Cadence, stages: Stages
) -> list[tuple[WindowOutput, ...]]:
    """The window of each time scale that ends at each track's newest frame, all in one batch."""
    chosen = [
        (track, scale, *window_at(track.times_ns, scale, cadence.period_ns))
        for track in tracks
        for scale in cadence.scales
    ]
    ready = [track.at(samples) for track, _, _, samples, _ in chosen if samples]
    logits = iter(stages.logits(ready)) if ready else iter(())
    outputs = iter(
        [
            _output(track, scale, samples, jitter, cadence.period_ns, next(logits))
            if samples and cadence.period_ns
            else WindowOutput(scale.window_ms, state)
            for track, scale, state, samples, jitter in chosen
        ]
    )
    return [tuple([next(outputs) for _ in cadence.scales]) for _ in tracks]


def _output(
    track: Track,
    scale: Scale,
    samples: Sequence[int],
    jitter_ns: int,
    period_ns: float,
    logits: NDArray[np.float32],
) -> WindowOutput:
    span_ns, dropped = span_of(track.times_ns, samples, period_ns)
    indices = tuple([frame.index for frame in track.at(samples)])
    return WindowOutput(
        scale.window_ms, WindowState.READY, logits, indices, span_ns, jitter_ns, dropped
    )

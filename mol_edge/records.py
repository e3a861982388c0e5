"""Results as JSON objects: schema version 1, which docs/results.md documents.

Every number is finite or null, every object has all of its keys, and a reader that ignores keys
it does not know can read later minor additions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge._version import __version__
from mol_edge.results import FaceResult, FrameResult, Window

SCHEMA = 1

Record = dict[str, Any]


def header_record(
    *,
    source: str,
    labels: tuple[str, ...],
    bundle: str,
    trained: bool,
    device: str,
    detector: str,
    window_ms: float,
) -> Record:
    """The first line: what was run on what, and the names of the classes."""
    return {
        "schema": SCHEMA,
        "kind": "header",
        "mol_edge": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "source": source,
        "bundle": bundle,
        "trained": trained,
        "labels": list(labels),
        "device": device,
        "detector": detector,
        "window_ms": number(window_ms, 3),
    }


def frame_record(result: FrameResult, labels: tuple[str, ...]) -> Record:
    """One frame's line.

    Example:
        >>> frame_record(FrameResult(index=3, timestamp_ns=120_000_000), ("a", "b"))["time_s"]
        0.12
    """
    return {
        "kind": "frame",
        "index": result.index,
        "timestamp_ns": result.timestamp_ns,
        "time_s": number(result.timestamp_ns / 1e9, 6),
        "faces_found": result.faces_found,
        "faces": [_face(face, labels) for face in result.faces],
        "timings_ms": timings(result.timings_ms),
    }


def timings(milliseconds: Mapping[str, float]) -> dict[str, float | None]:
    """Milliseconds per stage, rounded to microseconds."""
    return {stage: number(value, 3) for stage, value in milliseconds.items()}


def number(value: float, digits: int) -> float | None:
    """`value` rounded, or None where it is not finite, which JSON cannot say."""
    value = float(value)
    return round(value, digits) if math.isfinite(value) else None


def _face(face: FaceResult, labels: tuple[str, ...]) -> Record:
    return {
        "track_id": face.track_id,
        "box": [number(value, 2) for value in face.box],
        "score": number(face.score, 4),
        "points": _numbers(face.points, 2),
        "transform": _numbers(face.transform, 7),
        "landmarks": None if face.landmarks is None else _numbers(face.landmarks, 2),
        "flow": _flow(face),
        "window_state": face.window_state.value,
        "window": None if face.window is None else _window(face.window, labels),
    }


def _flow(face: FaceResult) -> Record | None:
    """Strength of the motion: in the crop it has one scale whatever the size of the face."""
    in_image = face.flow_in_image()
    if face.flow is None or in_image is None:
        return None
    crop, image = (np.hypot(flow[0], flow[1]) for flow in (face.flow, in_image))
    return {
        "mean_crop_px": number(crop.mean(), 4),
        "max_crop_px": number(crop.max(), 4),
        "mean_image_px": number(image.mean(), 4),
        "max_image_px": number(image.max(), 4),
    }


def _window(window: Window, labels: tuple[str, ...]) -> Record:
    return {
        "label": labels[int(np.argmax(window.probabilities))],
        "probabilities": {
            label: number(value, 6) for label, value in zip(labels, window.probabilities)
        },
        "span_ms": number(window.span_ms, 3),
        "samples": list(window.samples),
    }


def _numbers(array: NDArray[np.floating[Any]], digits: int) -> list[Any]:
    """Nested lists of rounded numbers, None where one is not finite."""
    if array.ndim == 1:
        return [number(value, digits) for value in array]
    return [_numbers(row, digits) for row in array]

"""Results as JSON objects: schema version 2, which docs/results.md documents.

Every number is finite or null, every object has all of its keys, and a reader that ignores keys
it does not know can read later minor additions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge._version import __version__
from mol_edge.results import Event, FaceResult, FrameResult, Window

SCHEMA = 2

Record = dict[str, Any]


def header_record(
    *,
    source: str,
    labels: tuple[str, ...],
    bundle: str,
    trained: bool,
    classes_known: bool,
    device: str,
    detector: str,
    windows_ms: Sequence[float],
    flow: str = "always",
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
        "classes_known": classes_known,
        "labels": list(labels),
        "device": device,
        "detector": detector,
        "windows_ms": [number(window_ms, 3) for window_ms in windows_ms],
        "flow": flow,
    }


def frame_record(result: FrameResult, labels: tuple[str, ...]) -> Record:
    """One frame's line; its events have lines of their own, see `event_record`.

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
        "age_ms": None if result.age_ms is None else number(result.age_ms, 3),
        "timings_ms": timings(result.timings_ms),
    }


def event_record(event: Event, frame: int, labels: tuple[str, ...]) -> Record:
    """One event's line; `frame` is the index of the frame that it was told with."""
    return {
        "kind": "event",
        "event": event.kind.value,
        "frame": frame,
        "track_id": event.track_id,
        "onset": event.onset,
        "apex": event.apex,
        "offset": event.offset,
        "onset_ns": event.onset_ns,
        "apex_ns": event.apex_ns,
        "offset_ns": event.offset_ns,
        "onset_s": number(event.onset_ns / 1e9, 6),
        "duration_ms": number(event.duration_ms, 3),
        "region": event.region,
        "peak_px": _motion(event.peak_px),
        "label": event.label,
        "confidence": None if event.confidence is None else number(event.confidence, 6),
        "probabilities": None
        if event.probabilities is None
        else _probabilities(event.probabilities, labels),
        "samples": list(event.samples) or None,
        "flow_max_px": None if event.flow is None else _largest_per_pair(event.flow),
        "latency_ms": number(event.latency_ms, 3),
        "refusal": event.refusal,
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
        "state": face.state.value,
        "box": [number(value, 2) for value in face.box],
        "score": number(face.score, 4),
        "points": _numbers(face.points, 2),
        "transform": _numbers(face.transform, 7),
        "drift_px": number(face.drift_px, 3),
        "reanchored": face.reanchored,
        "new_segment": face.new_segment,
        "landmarks": None if face.landmarks is None else _numbers(face.landmarks, 2),
        "motion": None if face.motion is None else _motion(face.motion),
        "flow": _flow(face),
        "window_state": face.window_state.value,
        "window": None if face.window is None else _window(face.window, labels),
        "windows": [_window(window, labels) for window in face.windows],
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
        "probabilities": _probabilities(window.probabilities, labels),
        "wanted_ms": None if window.wanted_ms is None else number(window.wanted_ms, 3),
        "span_ms": number(window.span_ms, 3),
        "jitter_ms": number(window.jitter_ms, 3),
        "dropped": window.dropped,
        "samples": list(window.samples),
    }


def _probabilities(values: NDArray[np.float32], labels: tuple[str, ...]) -> dict[str, float | None]:
    return {label: number(value, 6) for label, value in zip(labels, values)}


def _motion(pixels: Mapping[str, float]) -> dict[str, float | None]:
    return {region: number(value, 4) for region, value in pixels.items()}


def _largest_per_pair(flow: NDArray[np.float32]) -> list[float | None]:
    return [number(np.hypot(pair[0], pair[1]).max(), 4) for pair in flow]


def _numbers(array: NDArray[np.floating[Any]], digits: int) -> list[Any]:
    """Nested lists of rounded numbers, None where one is not finite."""
    if array.ndim == 1:
        return [number(value, digits) for value in array]
    return [_numbers(row, digits) for row in array]

"""Watching a face: pictures are kept as they come and looked at when they have all come."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from mol_edge.errors import InputError, OptionError
from mol_edge.faces import FaceDetector, open_detector
from mol_edge.faces.image import opencv, to_gray
from mol_edge.frame import Frame
from mol_edge.health import HealthState
from mol_edge.preflight.examine import TURNED_LOOKS, Watched, examine
from mol_edge.preflight.report import PreflightReport
from mol_edge.preflight.timing import BLOCK
from mol_edge.sources import AnySource, Source, SourceOptions, open_source
from mol_edge.sources.connect import LiveInput, is_live_input, open_live
from mol_edge.sources.feed import LiveFeed
from mol_edge.sources.live_options import LiveOptions

# Pictures from one that is kept where no face is found to the next.
_BETWEEN = 8
_LEAST_FRAMES = 20
_MOST_BYTES = 256 << 20
_PATIENCE_S = 20.0


def preflight(
    source: LiveInput,
    seconds: float = 10.0,
    detector: FaceDetector | None = None,
    options: SourceOptions | None = None,
) -> PreflightReport:
    """Whether a camera can see micro-expressions, judged by a face that holds still.

    Args:
        source: a camera, a stream, a recording: see `mol_edge.open_live`. A file is read as fast as
            it can be, and judged by its own timestamps.
        seconds: how long to watch, from the first picture with a face.
        detector: what finds faces; None takes the choice of `mol_edge.faces.open_detector`.
        options: how the source is read.

    Raises:
        InputError: the source cannot be read, or holds fewer than 20 pictures of a face.
        OptionError: `seconds` is not above 0.

    Example:
        >>> report = preflight("examples/data/demo.mp4", seconds=2)
        >>> report.timing.fps, report.verdict.value
        (60.0, 'good')
    """
    if not 0 < seconds <= 600:
        raise OptionError(f"seconds must lie above 0 and at most at 600, got {seconds}.")
    found_by = detector or open_detector()
    with _opened(source, options or SourceOptions(), seconds) as frames:
        name = frames.name
        watched = _watch(frames, found_by, seconds)
        watched.dropped = frames.dropped if isinstance(frames, LiveFeed) else 0
        watched.incomplete = frames.incomplete
        _check_source(frames, watched)
    return examine(name, watched, found_by)


@contextmanager
def _opened(source: LiveInput, options: SourceOptions, seconds: float) -> Iterator[Source]:
    if not is_live_input(source):
        recording: AnySource = source  # type: ignore[assignment]
        opened = open_source(recording, options)
        try:
            yield opened
        finally:
            if opened is not source:
                opened.close()
        return
    # The newest picture is taken, since looking for the first face may take longer than a frame.
    with open_live(source, LiveOptions(max_reconnects=0), options) as feed:
        limit = threading.Timer(seconds + _PATIENCE_S, feed.close)
        limit.daemon = True
        limit.start()
        try:
            yield feed
        finally:
            limit.cancel()


def _check_source(source: Source, watched: Watched) -> None:
    if isinstance(source, LiveFeed) and source.state.state is HealthState.FAILED:
        raise InputError(source.state.message)
    if watched.seen == 0:
        raise InputError(f"{source.name} has given no picture: check that it works.")
    if watched.seen < _LEAST_FRAMES:
        raise InputError(
            f"At least {_LEAST_FRAMES} pictures are needed, and {source.name} gave {watched.seen}: "
            f"{'watch for longer' if source.live else 'give a longer source'}."
        )
    if watched.patches and len(watched.patches) < _LEAST_FRAMES:
        raise InputError(
            f"At least {_LEAST_FRAMES} pictures of a face are needed, and {source.name} gave "
            f"{len(watched.patches)}: watch for longer."
        )


def _watch(frames: Iterable[Frame], detector: FaceDetector, seconds: float) -> Watched:
    """Keep the luma around the first face that is found, for so many seconds."""
    cv2 = opencv("Watching a face", "cvtColor")
    watched = Watched()
    region: tuple[slice, slice] | None = None
    size: tuple[int, int] | None = None
    kept_bytes = 0
    for frame in frames:
        watched.first_ns = watched.first_ns if watched.seen else frame.timestamp_ns
        watched.last_ns = frame.timestamp_ns
        watched.seen += 1
        if region is None:
            faces = detector.detect(frame)
            if faces:
                region, watched.width_px = _around(faces[0].box, frame), faces[0].box[2]
                size = (frame.width, frame.height)
                continue
            if watched.seen % _BETWEEN == 1:
                watched.without_face = [*watched.without_face[1 - TURNED_LOOKS :], frame]
            if frame.timestamp_ns - watched.first_ns > (seconds + _PATIENCE_S / 2) * 1e9:
                break
            continue
        if size != (frame.width, frame.height):
            raise InputError(
                "Pictures that are watched must keep their size, and one of "
                f"{frame.width} x {frame.height} came after others: fix the size in the camera's "
                "settings."
            )
        patch = to_gray(frame, cv2)[region].copy()
        watched.times_ns.append(frame.timestamp_ns)
        watched.patches.append(patch)
        kept_bytes += patch.nbytes
        lasting_ns = frame.timestamp_ns - watched.times_ns[0]
        if lasting_ns >= seconds * 1e9 or kept_bytes > _MOST_BYTES:
            break
    return watched


def _around(box: tuple[float, float, float, float], frame: Frame) -> tuple[slice, slice]:
    """The part of a picture that holds a face and some room for it to move."""
    left, top, width, height = box
    margin = 0.5 * max(width, height)
    # From a whole block of a codec's on, so that blocks can be compared.
    first_row, first_column = (max(0, int(at - margin)) // BLOCK * BLOCK for at in (top, left))
    rows = slice(first_row, min(frame.height, int(top + height + margin)))
    columns = slice(first_column, min(frame.width, int(left + width + margin)))
    return rows, columns

"""From a source to results: the file to read first.

    source -> tracks -> align -> engine -> motion -> spotting -> FrameResult

`Pipeline.run` follows a video or a camera frame by frame, `Pipeline._step` is one frame's way;
`Pipeline.classify` takes a clip that has been cut out already. Both take the largest face.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.base import Backend
from mol_edge.backends.choose import open_backend
from mol_edge.bundle import Bundle
from mol_edge.callbacks import check_callbacks
from mol_edge.clip import ClipFaces, classify_phases, clip_frames, phases_of
from mol_edge.engine_output import FlowMode
from mol_edge.errors import BusyError, DeviceError, OptionError
from mol_edge.faces import FaceDetector, open_detector
from mol_edge.following import Flow, Following, flow_mode
from mol_edge.frame import Frame
from mol_edge.live import LiveRun, OnEvent, OnHealth, OnResult
from mol_edge.notices import Notices
from mol_edge.options import PipelineOptions
from mol_edge.parts import bundle_of, check_parts
from mol_edge.results import ClipResult, FaceResult, FrameResult, Protocol
from mol_edge.run import Run, StageClock
from mol_edge.sources import AnySource, Source, open_source
from mol_edge.sources.connect import LiveInput, open_live
from mol_edge.sources.feed import LiveFeed
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.memory import Item


class Pipeline:
    """Classes, landmarks and optical flow from a video, a camera or a clip.

    Threads may share a pipeline: `classify` calls and the frames of a run take turns. It serves
    one run at a time; a second one raises BusyError until the first is exhausted or closed.

    Args:
        bundle: the model, or the folder it is in; None takes the demo bundle.
        device: ``runtime[:device]`` or ``auto``, see `mol_edge.backends.open_backend`.
        detector: what finds faces; None takes the choice of `mol_edge.faces.open_detector`.
        options: everything else.

    Raises:
        BundleError: the bundle is damaged or incomplete.
        DeviceError: the device does not work here.
        OptionError: the detector or the options are something else.

    Example:
        >>> with Pipeline(device="onnxruntime") as pipe:
        ...     with pipe.run("examples/data/demo.mp4") as results:
        ...         face = next(results).faces[0]
        >>> face.landmarks.shape, face.window_state.value
        ((68, 2), 'filling')
    """

    def __init__(
        self,
        bundle: Bundle | str | Path | None = None,
        device: str = "auto",
        detector: FaceDetector | None = None,
        options: PipelineOptions | None = None,
    ) -> None:
        self.options = PipelineOptions() if options is None else options
        check_parts(detector, self.options)
        self.bundle = bundle_of(bundle)
        self.backend: Backend = open_backend(self.bundle, device, self.options.backend)
        self._detector = detector
        # A detector of the caller's may close the pipeline in the midst of a step.
        self._step_lock = threading.RLock()
        self._run_lock = threading.Lock()
        self._notices = Notices()
        self._closed = False
        self._feed: LiveFeed | None = None
        self._notices.untrained(self.bundle.manifest)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, in the order of every probability."""
        return self.bundle.manifest.labels

    @property
    def windows_ms(self) -> tuple[float, ...]:
        """Times wanted from the first to the last of a window's 8 samples."""
        return self.options.windows_ms or (
            self.options.window_ms or self.bundle.manifest.window_ms,
        )

    @property
    def window_ms(self) -> float:
        """The first of `windows_ms`."""
        return self.windows_ms[0]

    @property
    def device(self) -> str:
        """The device in full, such as ``onnxruntime:cpu``."""
        return self.backend.device

    @property
    def detector(self) -> FaceDetector:
        """What finds faces; opened when it is first needed."""
        if self._detector is None:
            self._detector = open_detector(score=self.options.min_score)
        return self._detector

    def run(self, source: AnySource, flow: Flow = True) -> Run:
        """Follow the largest faces along a source; windows of `windows_ms` end at each frame.

        Args:
            source: see `mol_edge.sources.open_source`.
            flow: when to compute optical flow, which is most of the work: ``always`` (or True),
                ``on_motion`` where a face moves, ``never`` (or False).

        Returns:
            An iterator of `FrameResult`. A frame without a face has no `faces`. After the last
            one, its `incomplete` tells why the source should have had more, or is None.

        Raises:
            InputError: the source cannot be read.
            OptionError: `flow` is something else.
            BusyError: another run of this pipeline is under way.
            DeviceError: the pipeline was closed.
        """
        mode = flow_mode(flow)
        self._check_open()
        if not self._run_lock.acquire(blocking=False):
            raise BusyError(
                "A pipeline serves one run at a time and another one is under way: exhaust or "
                "close that one, or open a second pipeline."
            )
        try:
            opened = open_source(source, self.options.source)
        except BaseException:
            self._run_lock.release()
            raise

        def end() -> None:
            if opened is not source:
                opened.close()
            self._feed = None
            self._run_lock.release()

        return Run(opened, self._follow(opened, mode), end)

    def live(
        self,
        source: LiveInput,
        flow: Flow = True,
        *,
        on_result: OnResult | None = None,
        on_event: OnEvent | None = None,
        on_health: OnHealth | None = None,
        options: LiveOptions | None = None,
    ) -> LiveRun:
        """Follow a camera or stream in the background, come what may; see docs/live.md.

        Args:
            source: see `mol_edge.open_live`; a file is played at its own rate.
            flow: as for `run`.
            on_result: called with each `FrameResult`, which carries its `age_ms`.
            on_event: called with each `Event`.
            on_health: called with the `Health` whenever its state changes.
            options: when the source counts as ill, and what is done about it.

        Raises:
            InputError: there is no such file.
            OptionError: a callback is no function, or the options are something else.
            BusyError: another run of this pipeline is under way.
        """
        check_callbacks(on_result=on_result, on_event=on_event, on_health=on_health)
        if options is not None and not isinstance(options, LiveOptions):
            raise OptionError(f"options must be LiveOptions, got {options!r}.")
        feed = open_live(source, options, self.options.source)
        run = self.run(feed, flow)
        self._feed = feed
        if self._closed:
            feed.close()
        return LiveRun(run, feed, on_result, on_event, on_health)

    def _follow(
        self, source: Source, flow: FlowMode
    ) -> Generator[tuple[Frame, FrameResult], None, None]:
        following = Following(
            self.bundle.manifest,
            self.backend,
            lambda: self.detector,
            self.options,
            self.windows_ms,
            flow,
            source,
        )
        frames = iter(source)
        try:
            while True:
                clock = StageClock()
                with clock.stage("decode"):
                    frame = next(frames, None)
                if frame is None:
                    return
                with self._step_lock:
                    if self._closed and source is self._feed:
                        return
                    self._check_open()
                    result = self._step(following, frame, clock)
                yield frame, result
        finally:
            following.rhythm.end()

    def _step(self, following: Following, frame: Frame, clock: StageClock) -> FrameResult:
        """One frame's way: tracks, alignment, network, motion and spotting, events."""
        tracks = following.track(frame, clock)
        with clock.stage("align"):
            faces = [following.align(track, frame) for track in tracks]
        with clock.stage("infer"):
            following.infer(faces, frame)
        with clock.stage("motion"):
            spots = [(face, spot) for face in faces for spot in following.measure(face, frame)]
        events = tuple([following.event(face, spot, frame, clock) for face, spot in spots])
        results = tuple([following.result(face) for face in faces])
        self._notice(following, results, frame)
        return FrameResult(
            index=frame.index,
            timestamp_ns=frame.timestamp_ns,
            faces=results,
            faces_found=following.tracker.faces_found,
            events=events,
            timings_ms=clock.timings_ms,
        )

    def _notice(self, following: Following, results: Sequence[FaceResult], frame: Frame) -> None:
        """Say once what the user should know of the source."""
        notices, tracker = self._notices, following.tracker
        if tracker.looked:
            notices.several_faces(tracker.faces_found, self.options.track.max_faces)
            notices.turned(following.turn)
        following.rhythm.see(frame, results, following.engine.cadence.period_ns)

    def classify(
        self,
        frames: Iterable[Item],
        protocol: Protocol = "official",
        points: NDArray[np.float64] | None = None,
    ) -> ClipResult:
        """Classify a clip that holds one expression, from its onset to its offset.

        Args:
            frames: at least 8 frames, as `Frame` or BGR images.
            protocol: ``official``: stride n // 8, each phase a result, their mean the answer;
                ``event``: one sampling, evenly from the first frame to the last.
            points: float64 [n, 5, 2], the five alignment points of each frame in image pixels,
                instead of what the detector finds: eye at the image's left, other eye, nose tip,
                mouth corner at the image's left, other corner.

        Returns:
            One `PhaseResult` per phase. A frame where no face was found has the points of the
            nearest frame where one was.

        Raises:
            InputError: fewer than 8 frames, or times that run backward.
            NoFaceError: no face in any frame.
            ArrayError: a frame or the points have another type or shape.
            OptionError: the protocol is unknown.
            DeviceError: the pipeline was closed.
        """
        self._check_open()
        clip = clip_frames(frames)
        phases = phases_of(len(clip), protocol)
        with self._step_lock:
            self._check_open()
            if points is None:
                samples = (at for phase in phases for at in phase)
                faces = ClipFaces.found(clip, samples, self.detector, self.options.refine)
                self._notices.several_faces(faces.most_found)
            else:
                faces = ClipFaces.given(points, len(clip))
            results = classify_phases(self.backend, self.bundle.manifest, phases, clip, faces)
        return ClipResult(self.labels, protocol, results, faces.most_found)

    def close(self) -> None:
        """Give back what the runtime holds; the pipeline cannot be used after.

        It may be called anywhere. The frame in hand is finished; then a live run ends as by
        `LiveRun.stop`, and any other raises DeviceError at its next frame.
        """
        self._closed = True
        feed = self._feed
        if feed is not None:
            feed.close()
        with self._step_lock:
            self.backend.close()

    def _check_open(self) -> None:
        if self._closed:
            raise DeviceError("This pipeline was closed: open another one.")

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

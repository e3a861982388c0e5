"""Micro-expressions, facial landmarks and optical flow from a camera or a video.

`Pipeline` is where to begin. Neither OpenCV nor a runtime is imported before it is needed.
"""

# isort: off
from mol_edge import _loading  # noqa: F401 (first: holds Ctrl-C while the rest is loaded)
from mol_edge import _no_telemetry  # noqa: F401 (early: runtimes read it when they are loaded)
from mol_edge import _built  # noqa: F401 (before what needs the core, to say why it is not there)
# isort: on

from mol_edge._version import __version__
from mol_edge.backends import Backend, BackendOptions, open_backend
from mol_edge.bundle import Bundle
from mol_edge.errors import (
    ArrayError,
    BundleError,
    BusyError,
    DeviceError,
    DownloadError,
    FramesGoneError,
    InputError,
    MissingExtraError,
    MolEdgeError,
    NoFaceError,
    OptionError,
)
from mol_edge.face_state import FaceLimits
from mol_edge.faces import Detection, FaceDetector, open_detector
from mol_edge.frame import Frame
from mol_edge.health import Health, HealthState
from mol_edge.live import LiveRun
from mol_edge.manifest import Manifest
from mol_edge.motion import MotionOptions
from mol_edge.options import PipelineOptions
from mol_edge.pipeline import Pipeline
from mol_edge.results import (
    ClipResult,
    Event,
    EventKind,
    FaceResult,
    FaceState,
    FrameResult,
    PhaseResult,
    Window,
    WindowState,
)
from mol_edge.run import Run
from mol_edge.sources import Source, SourceOptions, open_source
from mol_edge.sources.connect import open_live
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.paced import PacedSource
from mol_edge.spot import SpotterOptions
from mol_edge.track_options import TrackOptions

__all__ = [
    "ArrayError",
    "Backend",
    "BackendOptions",
    "Bundle",
    "BundleError",
    "BusyError",
    "ClipResult",
    "Detection",
    "DeviceError",
    "DownloadError",
    "Event",
    "EventKind",
    "FaceDetector",
    "FaceLimits",
    "FaceResult",
    "FaceState",
    "Frame",
    "FrameResult",
    "FramesGoneError",
    "Health",
    "HealthState",
    "InputError",
    "LiveOptions",
    "LiveRun",
    "Manifest",
    "MissingExtraError",
    "MolEdgeError",
    "MotionOptions",
    "NoFaceError",
    "OptionError",
    "PacedSource",
    "PhaseResult",
    "Pipeline",
    "PipelineOptions",
    "Run",
    "Source",
    "SourceOptions",
    "SpotterOptions",
    "TrackOptions",
    "Window",
    "WindowState",
    "__version__",
    "open_backend",
    "open_detector",
    "open_live",
    "open_source",
]

"""Finding faces: `open_detector` gives the detector to use, `Detection` is what it returns.

Any object with a `name` and a `detect(frame)` that returns `Detection`s will do in its place:
`FaceDetector` is the protocol.
"""

from mol_edge.faces.base import (
    Detection,
    FaceDetector,
    RefiningDetector,
    largest_first,
    refined,
)
from mol_edge.faces.choose import open_detector
from mol_edge.faces.given import GivenPoints
from mol_edge.faces.haar import HaarDetector
from mol_edge.faces.yunet import YunetDetector

__all__ = [
    "Detection",
    "FaceDetector",
    "GivenPoints",
    "HaarDetector",
    "RefiningDetector",
    "YunetDetector",
    "largest_first",
    "open_detector",
    "refined",
]

"""Finding faces: `open_detector` gives the detector to use, `Detection` is what it returns."""

from mol_edge.faces.base import Detection, FaceDetector

__all__ = ["Detection", "FaceDetector"]

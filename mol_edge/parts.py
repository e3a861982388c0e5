"""What a pipeline is made of, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path

from mol_edge.bundle import Bundle
from mol_edge.errors import OptionError
from mol_edge.faces import FaceDetector
from mol_edge.options import PipelineOptions


def check_parts(detector: object, options: object) -> None:
    """Raise OptionError for what is no detector, or are no options."""
    if not isinstance(options, PipelineOptions):
        raise OptionError(f"options must be PipelineOptions, got {options!r}.")
    if detector is not None and not isinstance(detector, FaceDetector):
        raise OptionError(
            "detector must be an object with name and detect, such as `mol_edge.open_detector` "
            f"gives, got {detector!r}."
        )


def bundle_of(given: Bundle | str | Path | None) -> Bundle:
    """A bundle as it is, the one in a folder, or the demo bundle."""
    if isinstance(given, Bundle):
        return given
    return Bundle.default() if given is None else Bundle.open(given)

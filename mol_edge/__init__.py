"""Micro-expressions, facial landmarks and optical flow from a camera or a video."""

from mol_edge._version import __version__

__all__ = ["__version__"]

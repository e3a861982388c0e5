"""Synthetic micro-expressions with exact truth, made from a seed.

Example:
    >>> from training.synthetic import SyntheticOptions, make_clip
    >>> make_clip(1, SyntheticOptions(protocol="event")).frames.shape
    (8, 128, 128)
"""

from training.synthetic.clip import SyntheticClip, make_clip
from training.synthetic.event import SyntheticEvent, make_event
from training.synthetic.options import SyntheticOptions
from training.synthetic.still import STILLS, make_still

__all__ = [
    "STILLS",
    "SyntheticClip",
    "SyntheticEvent",
    "SyntheticOptions",
    "make_clip",
    "make_event",
    "make_still",
]

import dataclasses

import pytest

from mol_edge.backends import BackendOptions
from mol_edge.errors import OptionError
from mol_edge.options import PipelineOptions
from mol_edge.sources import SourceOptions


def test_defaults():
    options = PipelineOptions()
    assert options.window_ms is None
    assert options.backend == BackendOptions(threads=0, precision="fp32", cache_dir=None)
    assert options.source == SourceOptions(fps=None)


@pytest.mark.parametrize(
    "options",
    [
        {"window_ms": 0},
        {"window_ms": -350.0},
        {"window_ms": float("nan")},
        {"windows_ms": ()},
        {"windows_ms": (350, 0)},
        {"windows_ms": (350, 350.0)},
        {"min_score": 1.5},
        {"min_score": -0.1},
        {"anchor_frames": 0},
        {"drift_px": 0},
    ],
)
def test_options_are_checked(options):
    with pytest.raises(OptionError, match=f"{next(iter(options))} must .* got"):
        PipelineOptions(**options)


def test_options_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PipelineOptions().window_ms = 200


def test_a_length_is_given_once():
    with pytest.raises(OptionError, match="windows_ms and window_ms say the same"):
        PipelineOptions(windows_ms=(200,), window_ms=350)

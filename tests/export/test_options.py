"""What an export is told, and what it finds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from export.checkpoint import Checkpoint
from export.options import ExportOptions, completed
from mol_edge.errors import InputError, OptionError
from training.model import Mol, MolConfig

PATH = Path("model.pt")
LABELS = ["a", "b", "c", "d", "e"]
FACTS: dict[str, Any] = {"labels": LABELS, "mean": 118.0, "scale": 137.0, "window_ms": 300.0}


@pytest.fixture(scope="module")
def network() -> Mol:
    return Mol(MolConfig.lite(classes=5))


def test_what_is_open_comes_from_the_checkpoint(network: Mol) -> None:
    options = completed(PATH, Checkpoint(network, FACTS), ExportOptions(mean=1.0))
    assert (options.labels, options.mean, options.scale) == (tuple(LABELS), 1.0, 137.0)
    assert (options.window_ms, options.alignment, options.name) == (300.0, "per_frame", "model")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ExportOptions(),
            "--classes, --mean and --scale are needed, since model.pt does not say them: "
            "give the values it was trained with.",
        ),
        (
            ExportOptions(mean=0.0),
            "--classes and --scale are needed, since model.pt does not say them: "
            "give the values it was trained with.",
        ),
        (
            ExportOptions(tuple(LABELS), mean=0.0),
            "--scale is needed, since model.pt does not say it: "
            "give the value it was trained with.",
        ),
    ],
)
def test_all_that_is_missing_is_named_at_once(
    network: Mol, options: ExportOptions, told: str
) -> None:
    with pytest.raises(OptionError) as caught:
        completed(PATH, Checkpoint(network), options)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"labels": 7}, "got 7"),
        ({"labels": ["a", "a", "b", "c", "d"]}, "must differ"),
        ({"mean": "x"}, "mean must be a finite number, got 'x'"),
        ({"scale": 0}, "scale must be a finite number above 0, got 0"),
        ({"window_ms": "long"}, "window_ms must be a finite number above 0, got 'long'"),
        ({"alignment": "sideways"}, "alignment must be one of per_frame, anchored"),
    ],
)
def test_a_checkpoint_that_says_nonsense_is_refused(
    network: Mol, facts: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError, match="must say what training.fit writes") as caught:
        completed(PATH, Checkpoint(network, {**FACTS, **facts}), ExportOptions())
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"labels": ("a", "a")}, "must differ, got a, a"),
        ({"labels": ("a", "")}, "none of them empty"),
        ({"mean": float("nan")}, "mean must be a finite number, got nan"),
        ({"scale": float("inf")}, "scale must be a finite number above 0, got inf"),
        ({"tolerance": 0.0}, "tolerance must be a finite number above 0, got 0.0"),
        ({"window_ms": -1.0}, "window_ms must be a finite number above 0, got -1.0"),
    ],
)
def test_options_are_checked_on_creation(values: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError) as caught:
        ExportOptions(**values)
    assert told in str(caught.value)

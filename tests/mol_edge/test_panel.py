"""The panel beside a picture."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mol_edge.panel import Panel, panel_width
from mol_edge.pen import GROUND
from mol_edge.results import FrameResult, WindowState
from tests.mol_edge.synthetic_results import LABELS, make_face

pytest.importorskip("cv2")

HEIGHT = 540


def foot(state: WindowState, note: str) -> np.ndarray:
    """Columns of the lowest line that anything is written in."""
    face = dataclasses.replace(make_face(window=False), window_state=state)
    panel = Panel(LABELS, note=note).draw(FrameResult(0, 0, (face,), 1), HEIGHT)
    line = np.abs(panel[508:528].astype(int) - GROUND).max(axis=(0, 2)) > 8
    assert line.any()
    return np.flatnonzero(line)


def test_the_note_stands_at_the_right_of_the_state() -> None:
    alone = foot(WindowState.GAP, "")
    both = foot(WindowState.GAP, "a-model")
    assert both.max() >= panel_width(HEIGHT) - 24 > alone.max() + 60
    np.testing.assert_array_equal(both[: len(alone)], alone)


@pytest.mark.parametrize("note", ["mol-lite-demo", "a-model-with-a-name-that-is-far-too-long" * 2])
def test_a_note_without_room_is_left_out_and_never_written_over_the_state(note: str) -> None:
    state = WindowState.CAMERA_TOO_SLOW
    np.testing.assert_array_equal(foot(state, note), foot(state, ""))

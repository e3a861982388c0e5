"""What is left of a run that was interrupted."""

from __future__ import annotations

import signal
from pathlib import Path

import cv2
import pytest

from tests.mol_edge.commands.run_results import read_lines, run_until_signalled
from tests.mol_edge.conftest import DEMO


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path, number: signal.Signals) -> None:
    arguments = [str(DEMO), "--detector", "haar", "--device", "onnxruntime"]
    code, out, errors = run_until_signalled(arguments, tmp_path, tmp_path / "cache", number)
    assert code == 130, errors
    _, *frames, summary = read_lines(tmp_path / "results.jsonl")
    assert (summary["complete"], summary["reason"]) == (False, "interrupted")
    assert len(frames) == summary["frames"] >= 5
    video = cv2.VideoCapture(str(tmp_path / "annotated.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == summary["frames"]
    assert "INCOMPLETE: interrupted" in out

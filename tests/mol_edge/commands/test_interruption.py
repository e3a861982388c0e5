"""What is left of a run that was interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from tests.mol_edge.commands.run_results import read_lines
from tests.mol_edge.conftest import DEMO


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path, number: signal.Signals) -> None:
    arguments = ["run", str(DEMO), "--out", str(tmp_path), "--detector", "haar", "--quiet"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mol_edge", *arguments, "--device", "onnxruntime"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MOL_EDGE_CACHE": str(tmp_path / "cache")},
    )
    path = tmp_path / "results.jsonl"
    for _ in range(600):
        if path.exists() and path.read_bytes().count(b"\n") > 5:
            break
        time.sleep(0.05)
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    _, *frames, summary = read_lines(path)
    assert (summary["complete"], summary["reason"]) == (False, "interrupted")
    assert len(frames) == summary["frames"] >= 5
    video = cv2.VideoCapture(str(tmp_path / "annotated.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == summary["frames"]
    assert "INCOMPLETE: interrupted" in out

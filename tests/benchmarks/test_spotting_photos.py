from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks import spotting_photos
from benchmarks.spotting_photos import Result, main, table
from benchmarks.spotting_score import Score


def test_the_table_counts_by_rate_and_amplitude() -> None:
    slow = Result(
        30.0,
        Score(hits=1, truths=2, false=1),
        [(0.6, "not told"), (1.2, "found")],
        Counter({"blink": 1}),
    )
    fast = Result(60.0, Score(hits=2, truths=2), [(0.8, "found"), (2.0, "found")], Counter())
    lines = [line.split() for line in table([slow, fast]).splitlines()]
    assert lines[1] == ["30", "fps", "1", "0", "0", "0", "1", "1", "0.50", "0.50"]
    assert lines[2] == ["60", "fps", "2", "0", "0", "0", "0", "0", "1.00", "1.00"]
    assert lines[3] == ["all", "3", "0", "0", "0", "1", "1", "0.75", "0.75"]
    assert lines[4][:5] == ["0", "to", "0.75", "px", "0"] and lines[4][-1] == "0.00"
    assert "1 during blink" in table([slow, fast])


def test_absent_photographs_are_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none"), "--videos", "1"]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "must hold a readable landmarks.json" in told


def test_absent_ffmpeg_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spotting_photos.shutil, "which", lambda name: None)
    faces = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces"
    if not faces.is_dir():
        pytest.skip("the photographs of shared/data are not here")
    assert main([str(faces), "--videos", "1", "--seconds", "12"]) == 2
    assert "install it" in capsys.readouterr().err

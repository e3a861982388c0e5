"""The events that `mol-edge run` finds in the whole demo video."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.mol_edge.commands.run_results import FAST, read_lines
from tests.mol_edge.conftest import DEMO


@pytest.fixture(scope="module")
def demo_events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole demo video, events alone."""
    out = tmp_path_factory.mktemp("events")
    arguments = ["run", str(DEMO), "--out", str(out), "--events-only", "--quiet", *FAST]
    done = subprocess.run(
        [sys.executable, "-m", "mol_edge", *arguments, "--windows-ms", "200,350"],
        capture_output=True,
        text=True,
        env={**os.environ, "MOL_EDGE_CACHE": str(out / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert "3 micro-expressions, 0 longer" in done.stdout
    return out


def test_events_alone_are_a_short_file(demo_events: Path) -> None:
    assert sorted(path.name for path in demo_events.iterdir()) == [
        "events.csv",
        "results.jsonl",
        "timeline.png",
    ]
    header, *events, summary = read_lines(demo_events / "results.jsonl")
    assert header["windows_ms"] == [200, 350]
    assert [event["kind"] for event in events] == ["event"] * 3
    assert summary["events"] == {"micro": 3, "macro": 0}


def test_the_demo_s_events_are_those_that_were_made(demo_events: Path) -> None:
    """Brows, mouth, brows; the half blink between them is no expression."""
    with (DEMO.parent / "demo.csv").open(newline="") as file:
        made = [row for row in csv.DictReader(file) if "blink" not in row["action"]]
    _, *events, _ = read_lines(demo_events / "results.jsonl")
    regions = {"brow_raise": "brow", "lip_corner_pull": "mouth", "brow_furrow": "brow"}
    assert len(made) == len(events) == 3
    for event, truth in zip(events, made):
        assert regions[truth["action"]] in event["region"]
        onset, offset = int(truth["onset"]), int(truth["offset"])
        overlap = min(offset, event["offset"]) - max(onset, event["onset"])
        union = max(offset, event["offset"]) - min(onset, event["onset"])
        assert overlap / union > 0.7
        assert event["apex"] == pytest.approx(int(truth["apex"]), abs=3)
        assert len(event["samples"]) == 8
        assert event["samples"][0] == event["onset"]
        assert event["confidence"] == max(event["probabilities"].values())
    with (demo_events / "events.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["apex"]) for row in rows] == [event["apex"] for event in events]
    assert cv2.imread(str(demo_events / "timeline.png")).shape == (660, 1600, 3)

"""What passes as the same results from two machines, and what does not."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts.aarch64_compare import compare, report

Record = dict[str, Any]


def lines() -> list[Record]:
    """A header, two frames of which the second has a window, an event."""
    face: Record = {
        "state": "tracked", "window_state": "filling", "new_segment": None, "reanchored": False,
        "landmarks": [[10.0, 20.0], [30.25, 40.5]], "flow": None, "window": None,
    }  # fmt: skip
    window = {"samples": [0, 1], "label": "b", "probabilities": {"a": 0.25, "b": 0.75}}
    ready = {
        **copy.deepcopy(face),
        "window_state": "ready",
        "window": window,
        "flow": {"mean_crop_px": 0.125},
    }
    event = {
        "kind": "event", "event": "micro", "frame": 1, "onset": 0, "apex": 1, "offset": 1,
        "region": "mouth", "label": "b", "probabilities": {"a": 0.25, "b": 0.75},
    }  # fmt: skip
    return [
        {"kind": "header"},
        {"kind": "frame", "index": 0, "faces": [face]},
        {"kind": "frame", "index": 1, "faces": [ready]},
        event,
    ]


def test_differences_of_rounding_pass(capsys: pytest.CaptureFixture[str]) -> None:
    other = lines()
    other[1]["faces"][0]["landmarks"][0][0] += 0.01
    other[2]["faces"][0]["window"]["probabilities"]["a"] += 9e-4
    assert report(compare(lines(), other))
    told = capsys.readouterr().out
    assert "landmarks: 8 numbers differ by 0.01 at most, 0.0012 in mean" in told
    assert "probabilities: 4 numbers differ by 0.0009 at most" in told


def changed(path: str, value: object) -> list[Record]:
    found = copy.deepcopy(lines())
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = found
    for step in way:
        place = place[step]
    place[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("1/faces/0/landmarks/0/0", 10.02, "landmarks: 8 numbers differ by 0.02 .*TOO MUCH"),
        ("2/faces/0/window/probabilities/a", 0.2515, "probabilities: .*TOO MUCH"),
        ("2/faces/0/flow/mean_crop_px", 0.15, "flow: .*TOO MUCH"),
        ("2/faces/0/window/label", "a", "unlike: frame 1, label: b here, a there"),
        ("2/faces/0/window", None, "unlike: frame 1, window: False here, True there"),
        ("1/faces/0/state", "lost", "unlike: frame 0, state: tracked here, lost there"),
        ("1/faces", [], "unlike: frame 0, faces: 1 here, 0 there"),
        ("3/apex", 0, "unlike: event at frame 1, apex: 1 here, 0 there"),
    ],
)
def test_a_real_difference_does_not(
    path: str, value: object, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not report(compare(lines(), changed(path, value)))
    assert re.search(told, capsys.readouterr().out)


def test_a_missing_line_or_nothing_to_compare_does_not_pass(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not report(compare(lines(), lines()[:-1]))
    assert "unlike: lines" in capsys.readouterr().out
    assert not report(compare(lines()[:1], lines()[:1]))
    assert "nothing to compare" in capsys.readouterr().out


def test_the_command_reads_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scripts import aarch64_compare

    for name in ("here", "there"):
        text = "".join(f"{json.dumps(line)}\n" for line in lines())
        (tmp_path / name).write_text(text)
    monkeypatch.setattr("sys.argv", ["compare", str(tmp_path / "here"), str(tmp_path / "there")])
    assert aarch64_compare.main() == 0

from __future__ import annotations

import contextlib
import csv
import dataclasses
import errno
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from mol_edge.errors import OptionError, OutputError
from mol_edge.sink_base import cannot_write
from mol_edge.sinks import CsvSink, EventCsvSink, JsonlSink
from tests.mol_edge.synthetic_results import LABELS, make_event, make_frame, make_result, with_event

HEADER = {"schema": 2, "kind": "header", "labels": list(LABELS)}


def test_json_lines_are_a_header_then_a_line_per_frame(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER) as sink:
        for index in range(3):
            sink.write(make_frame(index=index), make_result(index))
        sink.write_record({"kind": "summary"})
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", "frame", "frame", "frame", "summary"]
    assert [line["index"] for line in lines[1:4]] == [0, 1, 2]


def test_an_event_has_a_line_after_that_of_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER) as sink:
        sink.write(make_frame(), make_result(0))
        sink.write(make_frame(), with_event(1))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", "frame", "frame", "event"]
    assert (lines[3]["frame"], lines[3]["onset"], lines[3]["label"]) == (1, 3, "negative")


def test_frames_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER, events_only=True) as sink:
        sink.write(make_frame(), make_result(0))
        sink.write(make_frame(), with_event(1))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", "event"]


def test_events_become_a_table(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    with EventCsvSink(path) as sink:
        sink.write(make_frame(), make_result(0))
        sink.write(make_frame(), with_event(1))
        unclassed = dataclasses.replace(make_result(2), events=(make_event(0, 2, 30, label=False),))
        sink.write(make_frame(), unclassed)
    with path.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["kind"], first["onset"], first["apex"], first["offset"]) == (
        "micro",
        "3",
        "5",
        "10",
    )
    assert (first["onset_s"], first["duration_ms"]) == ("0.120000", "280.0")
    assert (first["region"], first["peak_px"]) == ("mouth", "0.85")
    assert (first["label"], float(first["confidence"])) == ("negative", pytest.approx(0.7))
    assert (second["kind"], second["label"], second["confidence"]) == ("macro", "", "")


def test_lines_are_whole_while_the_sink_is_open(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    sink = JsonlSink(path, HEADER)
    for index in range(20):
        sink.write(make_frame(index=index), make_result(index))
        text = path.read_text(encoding="utf-8")
        assert text.endswith("}\n")
        assert json.loads(text.splitlines()[-1])["index"] == index
    sink.close()
    sink.close()
    with pytest.raises(OptionError, match="closed"):
        sink.write_record({})


def test_json_lines_refuse_numbers_that_json_cannot_say(tmp_path: Path) -> None:
    with (
        JsonlSink(tmp_path / "results.jsonl", HEADER) as sink,
        pytest.raises(ValueError, match="JSON"),
    ):
        sink.write_record({"value": float("nan")})
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 1


def test_csv_has_a_row_per_window(tmp_path: Path) -> None:
    path = tmp_path / "probabilities.csv"
    with CsvSink(path, LABELS) as sink:
        sink.write(make_frame(), make_result(0, window=False))
        sink.write(make_frame(), make_result(1, faces_found=0))
        sink.write(make_frame(), make_result(2))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1
    row = rows[0]
    assert (row["frame"], row["time_s"], row["track"]) == ("2", "0.080000", "0")
    assert (row["label"], row["window_ms"]) == ("negative", "350.0")
    assert sum(float(row[f"p_{label}"]) for label in LABELS) == pytest.approx(1.0, abs=1e-5)


def test_a_label_with_a_comma_stays_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "probabilities.csv"
    labels = ("a,b", 'c"d', "e")
    with CsvSink(path, labels) as sink:
        sink.write(make_frame(), make_result())
    with path.open(newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["p_a,b"]) == pytest.approx(0.2)
    assert row["label"] == 'c"d'


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="name a folder that you may write to"):
        CsvSink(tmp_path / "file" / "probabilities.csv", LABELS)


@contextlib.contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A full disk: of what goes beyond `size` bytes of a file a part is taken, the rest refused."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_line_is_cut_where_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER) as sink:
        whole = path.read_bytes()
        with files_end_at(len(whole) + 9), pytest.raises(OutputError, match="Cannot write"):
            sink.write_record({"kind": "frame", "index": 0})
        assert path.read_bytes() == whole
        sink.write_record({"kind": "summary"})
    assert path.read_bytes() == whole + b'{"kind":"summary"}\n'


def test_a_full_disk_is_told_from_a_folder_that_may_not_be_written_to() -> None:
    full = cannot_write(Path("a"), OSError(errno.ENOSPC, "No space left on device"))
    assert str(full) == (
        "Cannot write a (No space left on device): make room there, or name a folder on another "
        "disk."
    )
    denied = cannot_write(Path("a"), OSError(errno.EACCES, "Permission denied"))
    assert str(denied) == (
        "Cannot write a (Permission denied): name a folder that you may write to."
    )

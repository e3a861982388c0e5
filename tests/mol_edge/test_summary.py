from __future__ import annotations

import dataclasses

import pytest

from mol_edge.results import FaceState, FrameResult, WindowState
from mol_edge.summary import RunSummary
from tests.mol_edge.synthetic_results import LABELS, make_event, make_face, make_result


def test_counts_of_a_run() -> None:
    summary = RunSummary(labels=LABELS)
    for index, faces in enumerate((1, 1, 0, 3)):
        summary.add(make_result(index, faces_found=faces, window=index == 3))
    assert summary.frames == 4
    assert summary.frames_with_face == 3
    assert summary.frames_with_several_faces == 1
    assert summary.most_faces == 3
    assert summary.windows == 1
    assert summary.states == {
        WindowState.FILLING: 2,
        WindowState.NO_FACE: 1,
        WindowState.READY: 1,
    }
    assert summary.stages_ms == pytest.approx({"decode": 1.0, "infer": 3.5})
    assert summary.duration_s == pytest.approx(0.12)
    assert summary.source_fps == pytest.approx(25.0)


def test_a_source_has_the_rate_of_what_it_gave_and_not_of_what_was_measured() -> None:
    summary = RunSummary(labels=LABELS)
    for index in (10, 13, 14, 20):
        summary.add(make_result(index))
    assert (summary.frames, summary.pictures) == (4, 11)
    assert summary.source_fps == pytest.approx(25.0)
    assert summary.measured_fps == pytest.approx(7.5)
    assert summary.record(seconds=1.0)["source_fps"] == 25.0


def test_frames_without_an_index_are_counted_one_by_one() -> None:
    summary = RunSummary(labels=LABELS)
    for time_ns in (0, 40_000_000, 80_000_000):
        summary.add(FrameResult(0, time_ns))
    assert summary.source_fps == summary.measured_fps == pytest.approx(25.0)


def test_faces_and_events_are_counted() -> None:
    summary = RunSummary(labels=LABELS)
    lost = dataclasses.replace(make_face(window=False, landmarks=False), state=FaceState.LOST)
    second = dataclasses.replace(make_face(), track_id=1, reanchored=True)
    summary.add(FrameResult(0, 0, (make_face(),), 1, (make_event(),)))
    summary.add(FrameResult(1, 1, (lost,), 0, (make_event(), make_event(0, 5, 40))))
    summary.add(FrameResult(2, 2, (make_face(), second), 2))
    record = summary.record(seconds=1.0)
    assert record["events"] == {"micro": 2, "macro": 1}
    assert (record["tracks"], record["reanchored"]) == (2, 1)
    assert record["frames_with_face"] == 2
    states = {"tracked": 3, "too_small": 0, "turned_away": 0, "blurred": 0, "lost": 1}
    assert record["face_states"] == states


def test_probabilities_are_the_mean_over_windows() -> None:
    summary = RunSummary(labels=LABELS)
    assert summary.probabilities == {}
    for index in range(3):
        summary.add(make_result(index))
    assert summary.probabilities == pytest.approx(
        {"positive": 0.2, "negative": 0.7, "surprise": 0.1}, abs=1e-6
    )


def test_the_record_says_why_a_run_is_incomplete() -> None:
    summary = RunSummary(labels=LABELS)
    summary.add(make_result())
    record = summary.record(seconds=0.5, incomplete="the file ends early")
    assert (record["complete"], record["reason"]) == (False, "the file ends early")
    assert record["fps"] == 2.0
    assert summary.record(seconds=0.5)["complete"] is True


def test_an_empty_run_has_no_division_by_zero() -> None:
    summary = RunSummary(labels=LABELS)
    record = summary.record(seconds=0.0)
    assert (record["frames"], record["fps"], record["source_fps"]) == (0, 0.0, 0.0)
    summary.add(FrameResult(0, 0))
    assert summary.source_fps == 0.0


def test_a_face_is_measured_without_a_break_until_a_segment_begins_or_it_goes() -> None:
    summary = RunSummary(labels=LABELS)
    unseen = dataclasses.replace(make_face(window=False), window_state=WindowState.NO_FACE)
    for index in range(20):
        result = make_result(index, faces_found=int(index != 15))
        if index == 4:
            result = dataclasses.replace(result, faces=(unseen,))
        if index == 12:
            face = dataclasses.replace(make_face(), new_segment="gap")
            result = dataclasses.replace(result, faces=(face,))
        summary.add(result)
    assert summary.unbroken_s == pytest.approx(11 * 0.04)
    assert summary.within(350)[0] == 18
    assert summary.within(500) == (0, {})

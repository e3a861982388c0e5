from __future__ import annotations

import dataclasses

import pytest

from mol_edge.commands.exit_codes import INCOMPLETE, OK
from mol_edge.commands.recording import Outcome
from mol_edge.commands.report import format_summary
from mol_edge.results import FaceState, FrameResult, WindowState
from mol_edge.summary import RunSummary
from tests.mol_edge.synthetic_results import LABELS, make_event, make_face, make_result


def outcome_of(*results: FrameResult, incomplete: str | None = None) -> Outcome:
    summary = RunSummary(labels=LABELS)
    for result in results:
        summary.add(result)
    return Outcome(summary, 0.5, OK if incomplete is None else INCOMPLETE, incomplete)


def test_a_whole_run_in_words() -> None:
    outcome = outcome_of(make_result(0, window=False), make_result(1), make_result(2))
    assert format_summary(outcome, windows_ms=[350], trained=True).splitlines() == [
        "3 frames (25.0 per second), 3 with a face",
        "2 clips of 8 samples within 350 ms",
        "0 micro-expressions, 0 longer",
        "mean probabilities: positive 0.20, negative 0.70, surprise 0.10",
        "0.5 s, 6.0 frames per second; ms per frame: decode 1.0, infer 3.0",
    ]


def test_untrained_classes_are_marked() -> None:
    text = format_summary(outcome_of(make_result()), windows_ms=[350], trained=False)
    assert "mean probabilities (not learned: they mean nothing yet): positive 0.20" in text


def test_what_is_unusual_is_said() -> None:
    outcome = outcome_of(make_result(0, faces_found=4), make_result(1), incomplete="it was cut")
    lines = format_summary(outcome, windows_ms=[350], trained=True).splitlines()
    assert "several faces in 1 of the frames, up to 4 in one: the largest was taken" in lines
    assert lines[-1] == "INCOMPLETE: it was cut; what was done is kept"


def test_several_that_were_followed_are_said() -> None:
    outcome = outcome_of(make_result(0, faces_found=4))
    lines = format_summary(outcome, windows_ms=[350], trained=True, most=2).splitlines()
    assert "several faces in 1 of the frames, up to 4 in one: the largest 2 were taken" in lines


@pytest.mark.parametrize(("dropped", "advice"), [(None, None), (0, None), (1, False), (9, True)])
def test_pictures_that_were_dropped_are_told(dropped: int | None, advice: bool | None) -> None:
    outcome = outcome_of(*(make_result(index) for index in range(12)))
    text = format_summary(
        dataclasses.replace(outcome, dropped=dropped), windows_ms=[350], trained=True
    )
    assert (f"{dropped} more were dropped" in text) == (advice is not None)
    assert ("take --no-flow" in text) == bool(advice)


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ("write", "; 75% of the work is write, so take --no-video or --events-only"),
        ("detect", "; 75% of the work is detect, so take the detector yunet, smaller pictures"),
        ("motion", "; 75% of the work is motion, so take a faster device, smaller pictures"),
    ],
)
def test_what_helps_depends_on_the_stage_that_takes_most(stage: str, told: str) -> None:
    spent = {"decode": 90.0, "infer": 2.0, stage: 6.0}
    results = [dataclasses.replace(make_result(at), timings_ms=spent) for at in range(12)]
    outcome = dataclasses.replace(outcome_of(*results), dropped=9)
    assert told in format_summary(outcome, windows_ms=[350], trained=True)


def test_events_and_faces_that_could_not_be_measured_are_counted() -> None:
    blurred = dataclasses.replace(make_face(window=False, landmarks=False), state=FaceState.BLURRED)
    small = dataclasses.replace(blurred, state=FaceState.TOO_SMALL)
    outcome = outcome_of(
        FrameResult(0, 0, (blurred,), 1, (make_event(),)), FrameResult(1, 1, (small,), 1)
    )
    lines = format_summary(outcome, windows_ms=[350], trained=True).splitlines()
    assert "1 micro-expression, 0 longer" in lines
    assert "faces not measured: too small 1, blurred 1" in lines


def test_a_recording_shorter_than_a_window_is_told_so() -> None:
    outcome = outcome_of(*(make_result(index, window=False) for index in range(9)))
    assert (
        "0 clips of 8 samples within 350 ms: a face must be followed for about that long without "
        "a break, and the longest time was 320 ms"
    ) in format_summary(outcome, windows_ms=[350], trained=True).splitlines()


def test_a_slow_camera_is_told_what_it_lacks() -> None:
    slow = dataclasses.replace(make_face(window=False), window_state=WindowState.CAMERA_TOO_SLOW)
    outcome = outcome_of(FrameResult(0, 0, (slow,), 1))
    assert (
        "0 clips of 8 samples within 500 ms: the source's rate is too low, 14 frames per second"
        in (format_summary(outcome, windows_ms=[500], trained=True))
    )


def slow_results(every: int) -> list[FrameResult]:
    """At 25 pictures a second, one of so many measured."""
    slow = dataclasses.replace(make_face(window=False), window_state=WindowState.CAMERA_TOO_SLOW)
    results = [make_result(index, window=False) for index in range(0, 60, every)]
    return [dataclasses.replace(result, faces=(slow,)) for result in results]


def test_a_machine_that_is_slow_is_told_from_a_source_that_is() -> None:
    outcome = dataclasses.replace(outcome_of(*slow_results(5)), dropped=44)
    lines = format_summary(outcome, windows_ms=[350], trained=True).splitlines()
    assert lines[0] == "12 frames (5.0 of 25.0 per second), 12 with a face"
    assert lines[2] == (
        "0 clips of 8 samples within 350 ms: 20 frames per second are needed, and of the source's "
        "25.0 only 5.0 could be measured; 100% of the work is infer, so take --no-flow, a faster "
        "device or a lower rate of the camera"
    )
    # For this window the source's rate would not do either.
    text = format_summary(outcome, windows_ms=[150], trained=True)
    assert "the source's rate is too low, 47 frames per second are needed" in text


def test_a_source_that_was_slow_for_a_moment_is_not_blamed() -> None:
    text = format_summary(outcome_of(*slow_results(1)), windows_ms=[350], trained=True)
    assert "too low" not in text


def test_the_longest_time_without_a_break_is_told_and_not_the_sources() -> None:
    results = [make_result(index, window=False) for index in range(18)]
    broken = dataclasses.replace(make_face(window=False), new_segment="gap")
    results[10] = dataclasses.replace(results[10], faces=(broken,))
    text = format_summary(outcome_of(*results), windows_ms=[350], trained=True)
    # Frames 0 to 9 and 10 to 17, at 25 per second.
    assert "without a break, and the longest time was 360 ms" in text


def test_each_length_has_its_clips_and_means() -> None:
    face = make_face()
    assert face.window is not None
    longer = dataclasses.replace(face.window, wanted_ms=500.0)
    slow = dataclasses.replace(
        face, window=None, windows=(longer,), window_state=WindowState.CAMERA_TOO_SLOW
    )
    results = [dataclasses.replace(make_result(index), faces=(slow,)) for index in range(3)]
    lines = format_summary(
        outcome_of(*results), windows_ms=[150, 500, 200], trained=True
    ).splitlines()
    assert lines[1:4] == [
        "0 clips of 8 samples within 150 ms: the source's rate is too low, 47 frames per second "
        "are needed",
        "3 clips of 8 samples within 500 ms",
        "0 clips of 8 samples within 200 ms: the source's rate is too low, 35 frames per second "
        "are needed",
    ]
    means = [line for line in lines if line.startswith("mean")]
    assert means == [
        "mean probabilities within 500 ms: positive 0.20, negative 0.70, surprise 0.10"
    ]

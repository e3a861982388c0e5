"""What a source or its face does amiss costs no other result."""

from dataclasses import replace

import numpy as np

from mol_edge.health import HealthState as State
from tests.mol_edge.live_sources import MS, HeldClock
from tests.mol_edge.pipeline.live_pipes import EACH_FRAME, live_by_hand, steps
from tests.mol_edge.pipeline.toy_faces import face_at, sharp_pictures


def test_a_hang_an_end_and_an_exception_lose_no_other_result(open_pipe):
    clock = HeldClock()
    shown = sharp_pictures(40)
    heard, run = live_by_hand(
        open_pipe(options=EACH_FRAME),
        clock,
        steps(shown[:10]),
        [*steps(shown[10:20]), (0.01, "end")],
        [*steps(shown[20:30]), (0.01, OSError("unplugged"))],
        steps(shown[30:]),
        until_s=11.2,
    )
    assert heard.states == [
        State.CONNECTING,
        State.RUNNING,
        *(State.STALLED, State.RECONNECTING, State.RUNNING),
        *(State.RECONNECTING, State.RUNNING),
        *(State.RECONNECTING, State.RUNNING),
        State.ENDED,
    ]
    assert [result.index for result in heard.results] == list(range(40))
    assert (run.health.frames, run.health.results, run.health.reconnects) == (40, 40, 3)
    # No window spans an outage.
    with_window = [r.index for r in heard.results if r.faces[0].window is not None]
    assert all(index % 10 >= 7 for index in with_window)
    assert len(with_window) >= 4


def test_frozen_and_black_pictures_give_no_results(open_pipe):
    clock = HeldClock()
    shown = sharp_pictures(30)
    black = np.zeros_like(shown[0])
    heard, run = live_by_hand(
        open_pipe(options=EACH_FRAME),
        clock,
        [
            *steps(shown[:10]),
            *steps([shown[9]] * 80),
            *steps(shown[10:20]),
            *steps([black] * 40),
            *steps(shown[20:]),
        ],
        until_s=9.0,
    )
    assert heard.states == [
        *(State.CONNECTING, State.RUNNING, State.FROZEN, State.RUNNING),
        *(State.BLACK, State.RUNNING, State.ENDED),
    ]
    frozen_from = 9 + 60
    expected = [*range(frozen_from), *range(90, 100), *range(140, 150)]
    assert [result.index for result in heard.results] == expected
    assert run.health.withheld == 150 - len(expected)


def test_time_that_goes_backward_begins_a_new_segment(open_pipe):
    clock = HeldClock()
    times = [n * 50 * MS for n in range(12)] + [n * 50 * MS for n in range(4, 16)]
    shown = [(0.05, (image, time)) for image, time in zip(sharp_pictures(24), times, strict=True)]
    heard, _ = live_by_hand(open_pipe(options=EACH_FRAME), clock, shown, until_s=2.5)
    assert [result.timestamp_ns for result in heard.results] == times
    faces = [result.faces[0] for result in heard.results]
    assert faces[12].new_segment is not None
    assert "backward" in str(getattr(faces[12].new_segment, "value", faces[12].new_segment))
    assert all(min(face.window.samples) >= 12 for face in faces[12:] if face.window is not None)
    assert faces[-1].window is not None
    assert State.RECONNECTING not in heard.states


def test_a_rate_that_jitters_between_5_and_60_gives_every_result(open_pipe):
    clock = HeldClock()
    gaps = np.random.default_rng(3).uniform(1 / 60, 1 / 5, 60)
    shown = [(gap, image) for gap, image in zip(gaps, sharp_pictures(60), strict=True)]
    heard, run = live_by_hand(
        open_pipe(options=EACH_FRAME), clock, shown, until_s=1.05 + gaps.sum()
    )
    assert [result.index for result in heard.results] == list(range(60))
    assert run.health.dropped == 0
    assert heard.states[:2] == [State.CONNECTING, State.RUNNING]


def test_a_change_of_size_begins_a_new_segment_and_goes_on(open_pipe):
    clock = HeldClock()
    shown = [*sharp_pictures(12), *sharp_pictures(12, (288, 384)), *sharp_pictures(12)]
    heard, _ = live_by_hand(open_pipe(options=EACH_FRAME), clock, steps(shown), until_s=2.9)
    assert [result.index for result in heard.results] == list(range(36))
    windows = [
        result.faces[0].window.samples
        for result in heard.results
        if result.faces and result.faces[0].window is not None
    ]
    assert len(windows) >= 9
    for samples in windows:
        assert samples[0] // 12 == samples[-1] // 12


def noise_on(image, seed):
    spread = np.random.default_rng(seed).integers(0, 3, image.shape)
    return (image + spread).astype(np.uint8)


def test_a_face_leaves_and_returns_and_the_stream_stays_running(open_pipe):
    clock = HeldClock()
    gone = range(12, 45)
    pipe = open_pipe(lambda index: [] if index in gone else [face_at()], options=EACH_FRAME)
    still = sharp_pictures(1)[0]
    shown = [noise_on(still, number) for number in range(70)]
    heard, run = live_by_hand(pipe, clock, steps(shown), until_s=4.6)
    assert [result.index for result in heard.results] == list(range(70))
    with_window = [
        r.index for r in heard.results if any(face.window is not None for face in r.faces)
    ]
    assert with_window[0] < 12
    assert any(index > 45 for index in with_window)
    assert not any(index in range(14, 45) for index in with_window)
    assert State.RECONNECTING not in heard.states


def test_a_second_face_enters_and_the_first_loses_nothing(open_pipe):
    clock = HeldClock()
    still = sharp_pictures(1, (192, 512))[0]
    two = replace(EACH_FRAME, track=replace(EACH_FRAME.track, max_faces=2))

    def script(index):
        return [face_at(), *([face_at(200, size=70)] if index >= 20 else [])]

    shown = [noise_on(still, number) for number in range(50)]
    alone, _ = live_by_hand(open_pipe(options=EACH_FRAME), HeldClock(), steps(shown), until_s=3.6)
    heard, _ = live_by_hand(open_pipe(script, options=two), clock, steps(shown), until_s=3.6)
    assert [len(result.faces) for result in heard.results][:20] == [1] * 20
    assert [len(result.faces) for result in heard.results][-10:] == [2] * 10
    first = heard.results[0].faces[0].track_id
    for got, wanted in zip(heard.results, alone.results, strict=True):
        (a,) = [face for face in got.faces if face.track_id == first]
        (b,) = wanted.faces
        assert (a.window is None) == (b.window is None)
        if a.window is not None:
            np.testing.assert_allclose(a.window.logits, b.window.logits, atol=1e-4)

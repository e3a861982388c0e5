"""The engine on a bundle of tiny real graphs, whose numbers NumPy knows."""

from collections import Counter

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.cadence import SegmentReason
from mol_edge.engine import Engine, EngineOptions, run_clip
from mol_edge.errors import ArrayError, DeviceError, FramesGoneError, InputError, OptionError
from mol_edge.results import WindowState

toy_bundle = pytest.importorskip("tests.toy_bundle", reason="needs the package onnx")

MS = 1_000_000
PERIOD = 50 * MS
FRAMES = 60


class Counting:
    """A real backend that counts the frames each graph was run on, and can be made to fail."""

    def __init__(self, backend):
        self.backend, self.counts, self.fails = backend, Counter(), None

    def run_into(self, graph, inputs, outputs):
        if graph == self.fails:
            raise DeviceError("The device is gone: connect it.")
        self.counts[graph] += len(next(iter(inputs.values())))
        self.backend.run_into(graph, inputs, outputs)

    def outputs_of(self, graph):
        return self.backend.outputs_of(graph)


@pytest.fixture(scope="module", params=["onnxruntime", "openvino"])
def backend(request, toy):
    pytest.importorskip(request.param)
    with open_backend(toy, request.param) as opened:
        yield opened


@pytest.fixture(scope="module")
def ort(toy):
    with open_backend(toy, "onnxruntime") as opened:
        yield opened


@pytest.fixture(scope="module")
def crops():
    random = np.random.default_rng(3)
    light = random.uniform(-2, 2, (FRAMES, 1, 1))
    return (light + random.normal(size=(FRAMES, 128, 128))).astype(np.float32)


def options(**changes):
    return EngineOptions(**{"windows_ms": (350,), **changes})


def push(engine, crops, at, time=None, track_id=0):
    """Push frame `at` of one face, at 20 frames per second unless a time is given."""
    time = at * PERIOD if time is None else time
    return engine.push(crops[at % FRAMES][np.newaxis], [track_id], round(time), at)[0]


def expected_logits(crops, samples):
    return toy_bundle.logits(crops[[at % FRAMES for at in samples], np.newaxis])


def test_a_clip_gives_what_numpy_gives(backend, crops):
    clip = crops[:8, np.newaxis]
    output = run_clip(backend, clip)
    np.testing.assert_allclose(output.logits, toy_bundle.logits(clip), atol=2e-5)
    np.testing.assert_allclose(output.flow, toy_bundle.flow(clip[:-1], clip[1:]), atol=2e-5)
    np.testing.assert_allclose(output.landmarks, toy_bundle.landmarks(clip[1:]), atol=2e-5)
    assert np.ptp(output.logits) > 0.1


@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_stream_gives_the_same_as_clips(backend, crops, step):
    period = 350 * MS // (7 * step)
    engine = Engine(backend, options(), period)
    ready = 0
    for index in range(40):
        output = push(engine, crops, index, index * period)
        pair = crops[max(0, index - step)][None, None], crops[index][None, None]
        np.testing.assert_allclose(output.landmarks, toy_bundle.landmarks(pair[1])[0], atol=2e-5)
        if index >= step:
            np.testing.assert_allclose(output.flow, toy_bundle.flow(*pair)[0], atol=2e-5)
        else:
            assert output.flow is None
        (window,) = output.windows
        assert output.new_segment == (SegmentReason.START if index == 0 else None)
        if index < 7 * step:
            assert window.state is WindowState.FILLING
            assert window.logits is None
            continue
        ready += 1
        assert window.state is WindowState.READY
        assert window.samples == tuple(range(index - 7 * step, index + 1, step))
        assert (window.span_ns, window.jitter_ns, window.dropped) == (7 * step * period, 0, 0)
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
    assert ready == 40 - 7 * step


def test_windows_of_several_lengths_share_features(ort, crops):
    counting = Counting(ort)
    engine = Engine(counting, options(windows_ms=(200, 350, 500), flow="never"), 1_000 * MS // 60)
    outputs = [push(engine, crops, at, at * 1e9 / 60) for at in range(50)]
    for window, step in zip(outputs[-1].windows, (2, 3, 4)):
        assert window.samples == tuple(range(49 - 7 * step, 50, step))
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
    counting.counts.clear()
    push(engine, crops, 50, 50 * 1e9 / 60)
    assert counting.counts == {"features": 1, "column": 3, "head": 3}


def test_a_camera_of_15_fps_serves_a_longer_window_only(ort, crops):
    engine = Engine(ort, options(windows_ms=(350, 500), flow="never"))
    outputs = [push(engine, crops, at, at * 1e9 / 15) for at in range(10)]
    assert [o.windows[0].state for o in outputs[1:]] == [WindowState.CAMERA_TOO_SLOW] * 9
    assert [o.windows[1].state for o in outputs[7:]] == [WindowState.READY] * 3
    assert outputs[-1].windows[1].span_ns == round(7 * 1e9 / 15)


@pytest.mark.parametrize("fps", [24, 29.97, 60, 90, 120, 144, 200, 240])
def test_any_camera_gives_a_window_near_the_one_wanted(ort, crops, fps):
    engine = Engine(ort, options(flow="never"))
    for at in range(round(fps * 0.6)):
        window = push(engine, crops, at, at * 1e9 / fps).windows[0]
    assert window.state is WindowState.READY
    assert 350 / 1.42 < window.span_ns / MS < 350 * 1.42
    assert window.jitter_ns < 100
    np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)


def test_uneven_timestamps_give_the_nearest_frames_and_the_jitter(ort, crops):
    random = np.random.default_rng(4)
    times = np.arange(200) * 1e9 / 60 + random.uniform(-3, 3, 200) * MS
    kept = [at for at in range(200) if random.uniform() > 0.1]
    engine = Engine(ort, options(flow="never"))
    dropped = 0
    for at in kept:
        window = push(engine, crops, at, times[at]).windows[0]
        if window.state is not WindowState.READY:
            continue
        assert len(set(window.samples)) == 8
        stamps = times[list(window.samples)]
        assert window.span_ns == pytest.approx(stamps[-1] - stamps[0], abs=2)
        even = stamps[-1] - np.arange(7, -1, -1) * engine.cadence.scales[0].spacing_ns
        assert window.jitter_ns == pytest.approx(np.abs(even - stamps).max(), abs=2)
        assert window.jitter_ns < 25 * MS
        missing = window.samples[-1] - window.samples[0] + 1
        missing -= sum(window.samples[0] <= each <= window.samples[-1] for each in kept)
        assert abs(window.dropped - missing) <= 1
        dropped += window.dropped
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
    assert engine.cadence.scales[0].step == 3
    assert dropped > 100


@pytest.mark.parametrize("step", [1, 2])
def test_each_frame_costs_one_of_each_graph(ort, crops, step):
    counting = Counting(ort)
    period = 350 * MS // (7 * step)
    engine = Engine(counting, options(), period)
    for index in range(8 * step):
        push(engine, crops, index, index * period)
    counting.counts.clear()
    for index in range(8 * step, 8 * step + 10):
        push(engine, crops, index, index * period)
    assert counting.counts == dict.fromkeys(("features", "encoder", "flow", "column", "head"), 10)


def test_without_flow_its_graphs_are_not_run(ort, crops):
    counting = Counting(ort)
    engine = Engine(counting, options(flow="never"), PERIOD)
    outputs = [push(engine, crops, i) for i in range(10)]
    assert all(output.flow is None for output in outputs)
    assert outputs[-1].windows[0].state is WindowState.READY
    assert set(counting.counts) == {"features", "column", "head"}


def test_flow_on_motion_is_that_of_always(backend, crops):
    always = Engine(backend, options(), PERIOD // 2)
    counting = Counting(backend)
    asked = Engine(counting, options(flow="on_motion"), PERIOD // 2)
    assert asked.flow(0) is None
    for at in range(20):
        field = push(always, crops, at, at * PERIOD // 2).flow
        assert push(asked, crops, at, at * PERIOD // 2).flow is None
        if at in (0, 1):
            assert asked.flow(0) is None
        elif at in (5, 6, 7, 8, 15):
            np.testing.assert_allclose(asked.flow(0), field, atol=1e-6)
    # 5 needs 3 and 5, 6 needs 4 and 6; what 7 and 8 start from is known by then.
    assert counting.counts["flow"] == 5
    assert counting.counts["encoder"] == 2 + 2 + 1 + 1 + 2 + 2  # of 0 and 1 the newest


def test_several_faces_together_give_what_each_gives_alone(backend, crops):
    together = Engine(backend, options(windows_ms=(350, 500)), PERIOD)
    alone = {track: Engine(backend, options(windows_ms=(350, 500)), PERIOD) for track in (3, 7, 9)}
    for at in range(14):
        # Face 9 comes late, and face 7 is not seen in one frame.
        tracks = [t for t in (7, 3, 9) if (t != 9 or at > 4) and not (t == 7 and at == 3)]
        stack = np.stack([crops[(at + 13 * track) % FRAMES] for track in tracks])
        outputs = together.push(stack, tracks, at * PERIOD, at)
        assert [output.track_id for output in outputs] == tracks
        for track, crop, output in zip(tracks, stack, outputs):
            (single,) = alone[track].push(crop[np.newaxis], [track], at * PERIOD, at)
            np.testing.assert_allclose(output.landmarks, single.landmarks, atol=2e-5)
            assert (output.flow is None) == (single.flow is None)
            if output.flow is not None:
                np.testing.assert_allclose(output.flow, single.flow, atol=2e-5)
            for window, wanted in zip(output.windows, single.windows):
                assert (window.state, window.samples) == (wanted.state, wanted.samples)
                if wanted.logits is not None:
                    np.testing.assert_allclose(window.logits, wanted.logits, atol=2e-5)
    assert together.track_ids == (7, 3, 9)
    assert [output.windows[0].state.value for output in outputs] == ["ready"] * 3


def test_memory_is_stated_and_bounded(ort, crops):
    engine = Engine(ort, options(keep_ms=1000), PERIOD // 2)
    for index in range(60):
        push(engine, crops, index, index * PERIOD // 2)
    stated = engine.state_bytes
    assert len(engine.kept(0)) == 41
    # Room for 42 frames of 320 KiB, 4 of 768 KiB with encoder maps, 64 columns of 2 KiB.
    kept = 42 * 320 + 4 * 768 + 64 * 2
    assert kept * 1024 <= stated <= (kept + 900) * 1024
    for index in range(60, 300):
        push(engine, crops, index, index * PERIOD // 2)
    assert engine.state_bytes == stated
    half = Engine(ort, options(keep_ms=1000, flow="never", half_state=True), PERIOD // 2)
    push(half, crops, 0)
    assert 42 * 192 * 1024 <= half.state_bytes <= (42 * 192 + 900) * 1024


def test_the_arrays_grow_with_a_camera_that_is_faster_than_stated(ort, crops):
    engine = Engine(ort, options(flow="never"), PERIOD)
    for at in range(250):
        window = push(engine, crops, at, at * 5 * MS).windows[0]
    assert window.samples == tuple(range(179, 250, 10))
    assert len(engine.kept(0)) == 250
    np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)


def test_max_frames_bounds_what_is_kept_but_not_the_windows(ort, crops):
    engine = Engine(ort, options(flow="never", max_frames=16), 5 * MS)
    for at in range(120):
        window = push(engine, crops, at, at * 5 * MS).windows[0]
    assert window.state is WindowState.READY
    assert len(engine.kept(0)) == 72


def test_half_state_is_close(ort, crops):
    whole, half = (Engine(ort, options(half_state=each), PERIOD) for each in (False, True))
    for at in range(12):
        wanted, came = (push(engine, crops, at) for engine in (whole, half))
        np.testing.assert_array_equal(came.landmarks, wanted.landmarks)
        if at >= 1:
            np.testing.assert_allclose(came.flow, wanted.flow, atol=5e-3)
        if at >= 7:
            difference = np.abs(came.windows[0].logits - wanted.windows[0].logits).max()
            assert 0 < difference < 5e-3


@pytest.mark.parametrize(
    ("start", "reason"), [(60, "gap"), (5, "backward"), (11, "repeated")], ids=lambda x: str(x)
)
def test_a_break_starts_a_segment_and_says_why(ort, crops, start, reason):
    engine = Engine(ort, options(), PERIOD)
    for first in (0, start):
        for i in range(12):
            output = push(engine, crops, i, (first + i) * PERIOD)
            assert (output.windows[0].state is WindowState.READY) == (i >= 7)
            assert (output.flow is None) == (i == 0)
            wanted = "start" if first == 0 else reason
            assert output.new_segment == (wanted if i == 0 else None)
            assert len(engine.kept(0)) == i + 1


def test_a_face_that_was_away_starts_a_segment_of_its_own(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(24):
        tracks = [1] if 8 <= at < 12 else [1, 2]
        outputs = engine.push(crops[[at] * len(tracks)], tracks, at * PERIOD, at)
        states = {o.track_id: o.windows[0].state for o in outputs}
        assert (states[1] is WindowState.READY) == (at >= 7)
        if 2 in states:
            assert (states[2] is WindowState.READY) == (at == 7 or at >= 19)
            assert outputs[1].new_segment == {0: "start", 12: "gap"}.get(at)


def test_frames_without_faces_tell_the_rhythm(ort, crops):
    engine = Engine(ort, options())
    for at in range(10):
        assert engine.push(crops[:0], [], at * PERIOD, at) == []
    assert engine.cadence.period_ns == PERIOD
    assert engine.track_ids == ()
    assert engine.state_bytes == 0


def test_restart_forgets_the_frames_of_one_face_or_all(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(10):
        engine.push(crops[[at, at]], [0, 1], at * PERIOD, at)
    engine.restart(SegmentReason.SIZE_CHANGED, 1)
    outputs = engine.push(crops[[10, 10]], [0, 1], 10 * PERIOD, 10)
    assert [o.windows[0].state.value for o in outputs] == ["ready", "filling"]
    assert [o.new_segment for o in outputs] == [None, SegmentReason.SIZE_CHANGED]
    engine.restart(SegmentReason.REALIGNED)
    assert engine.kept(0) == engine.kept(1) == ()


def test_what_a_forgotten_face_held_is_used_again(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(20):
        push(engine, crops, at, track_id=at // 5)
        for old in range(at // 5):
            engine.forget(old)
        if at == 4:
            stated = engine.state_bytes
    assert engine.state_bytes == stated
    assert engine.track_ids == (3,)
    assert engine.kept(0) == ()
    engine.forget(99)


def test_indices_that_repeat_do_not_mix_windows(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for i in range(12):
        (output,) = engine.push(crops[i][np.newaxis], [0], i * PERIOD, 0)
    assert output.windows[0].samples == (0,) * 8
    wanted = expected_logits(crops, range(4, 12))
    np.testing.assert_allclose(output.windows[0].logits, wanted, atol=2e-5)


def test_the_step_follows_a_camera_that_changes(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    time = 0
    for i in range(120):
        time += PERIOD if i < 20 else PERIOD // 2
        window = push(engine, crops, i, time).windows[0]
    assert engine.cadence.scales[0].step == 2
    assert window.samples == tuple(range(105, 120, 2))
    np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)


@pytest.mark.parametrize(
    ("onset", "offset", "samples"),
    [
        (10, 24, (10, 12, 14, 16, 18, 20, 22, 24)),
        (10, 26, (10, 12, 15, 17, 19, 21, 24, 26)),  # round(i * 16 / 7)
        (15, 18, (13, 14, 15, 16, 17, 18, 19, 20)),  # widened by 2 at both ends
        (28, 29, (22, 23, 24, 25, 26, 27, 28, 29)),  # no frames after the newest
        (9.6, 17.4, (10, 11, 12, 13, 14, 15, 16, 17)),  # the nearest frames
    ],
)
def test_an_event_is_classified_by_its_frames(backend, crops, onset, offset, samples):
    engine = Engine(backend, options(flow="never"), PERIOD)
    for at in range(30):
        push(engine, crops, at)
    event = engine.classify_event(0, round(onset * PERIOD), round(offset * PERIOD), flow=True)
    assert event.samples == samples
    assert event.times_ns == tuple(at * PERIOD for at in samples)
    assert event.span_ns == (samples[-1] - samples[0]) * PERIOD
    clip = crops[list(samples), np.newaxis]
    np.testing.assert_allclose(event.logits, toy_bundle.logits(clip), atol=2e-5)
    np.testing.assert_allclose(event.flow, toy_bundle.flow(clip[:-1], clip[1:]), atol=2e-5)
    spread = np.abs(np.linspace(samples[0], samples[-1], 8) - samples).max()
    assert event.jitter_ns == pytest.approx(spread * PERIOD, abs=1)
    assert engine.classify_event(0, round(onset * PERIOD), round(offset * PERIOD)).flow is None


def test_an_event_leaves_nothing_behind(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    for at in range(30):
        push(engine, crops, at)
    store, _ = engine._opened
    before = store.encoded.taken
    engine.classify_event(0, 5 * PERIOD, 28 * PERIOD, flow=True)
    assert store.encoded.taken == before == 2
    np.testing.assert_allclose(
        push(engine, crops, 30).flow,
        toy_bundle.flow(crops[29][None, None], crops[30][None, None])[0],
        atol=2e-5,
    )


def test_an_event_whose_frames_are_gone_is_refused(ort, crops):
    engine = Engine(ort, options(keep_ms=1000), PERIOD)
    with pytest.raises(FramesGoneError, match="Frames of face 0 must be kept"):
        engine.classify_event(0, 0, PERIOD)
    for at in range(7):
        push(engine, crops, at)
    with pytest.raises(FramesGoneError, match="by 8 frames, and 7 are kept: wait"):
        engine.classify_event(0, 0, PERIOD)
    for at in range(7, 40):
        push(engine, crops, at)
    assert engine.classify_event(0, 19 * PERIOD, 39 * PERIOD).samples[0] == 19
    for onset, offset in ((18, 30), (30, 41), (30, 29)):
        with pytest.raises(FramesGoneError, match="must lie within the kept frames, 950000000 to"):
            engine.classify_event(0, onset * PERIOD, offset * PERIOD)
    push(engine, crops, 40, 400 * PERIOD)
    with pytest.raises(FramesGoneError):
        engine.classify_event(0, 30 * PERIOD, 39 * PERIOD)
    assert issubclass(FramesGoneError, InputError)


def test_a_face_anchored_anew_is_as_if_it_had_been_so_always(backend, crops):
    other = crops[::-1]
    engine, fresh = (Engine(backend, options(), PERIOD // 2) for _ in range(2))
    for at in range(24):
        push(engine, crops, at, at * PERIOD // 2)
    assert engine.kept(0) == tuple(range(24))
    landmarks = engine.reanchor(0, other[4:24])
    assert engine.kept(0) == tuple(range(4, 24))
    np.testing.assert_allclose(landmarks, toy_bundle.landmarks(other[4:24, np.newaxis]), atol=2e-5)
    for at in range(4, 24):
        push(fresh, other, at, at * PERIOD // 2)
    for at in range(24, 28):
        came, wanted = (push(each, other, at, at * PERIOD // 2) for each in (engine, fresh))
        assert came.new_segment is None
        assert came.windows[0].samples == wanted.windows[0].samples
        np.testing.assert_allclose(came.windows[0].logits, wanted.windows[0].logits, atol=1e-6)
        np.testing.assert_allclose(came.flow, wanted.flow, atol=1e-6)


def test_more_crops_than_frames_are_refused(ort, crops):
    engine = Engine(ort, options(), PERIOD)
    push(engine, crops, 0)
    for count in (0, 2):
        with pytest.raises(FramesGoneError, match=f"1 to 1 frames can be replaced .* got {count}"):
            engine.reanchor(0, crops[:count])


@pytest.mark.parametrize("graph", ["features", "encoder", "flow", "column", "head"])
def test_a_device_that_fails_loses_nothing_else(ort, crops, graph):
    counting = Counting(ort)
    engine = Engine(counting, options(), PERIOD // 2)
    for at in range(20):
        push(engine, crops, at, at * PERIOD // 2)
    counting.fails = graph
    with pytest.raises(DeviceError, match="is gone"):
        push(engine, crops, 20, 20 * PERIOD // 2)
    counting.fails = None
    assert engine.kept(0) == tuple(range(20 if graph == "features" else 21))
    assert engine._opened[0].maps.taken == len(engine.kept(0))
    for at in range(21, 37):
        output = push(engine, crops, at, at * PERIOD // 2)
        window = output.windows[0]
        assert window.state is WindowState.READY
        assert window.dropped == (graph == "features" and at < 36 and window.samples[0] < 20)
        np.testing.assert_allclose(window.logits, expected_logits(crops, window.samples), atol=2e-5)
        assert output.new_segment is None


@pytest.mark.parametrize(
    ("crops", "tracks", "message"),
    [
        (np.zeros((1, 128, 128)), [0], r"must be float32 \(1, 128, 128\), got float64"),
        (np.zeros((1, 128, 64), np.float32), [0], r"got float32 \(1, 128, 64\)"),
        (np.zeros((2, 128, 128), np.float32), [0], r"crops of 1 faces .* got float32 \(2, 128"),
        (np.zeros((2, 128, 128), np.float32), [4, 4], r"must differ within a frame, got \[4, 4"),
        ([[0.0]], [0], "got <class 'list'>"),
    ],
)
def test_other_arrays_are_refused(ort, crops, tracks, message):
    with pytest.raises(ArrayError, match=message):
        Engine(ort).push(crops, tracks, 0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows_ms": ()}, "windows_ms must be one or more times above 0"),
        ({"windows_ms": (350, 0)}, "windows_ms must be one or more times above 0"),
        ({"flow": "sometimes"}, "flow must be one of .* got 'sometimes'"),
        ({"keep_ms": -1}, "keep_ms must be 0 or more"),
        ({"max_frames": 7}, "max_frames must be 8 or more"),
    ],
)
def test_options_are_checked(change, message):
    with pytest.raises(OptionError, match=message):
        EngineOptions(**change)

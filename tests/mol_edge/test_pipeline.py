import gc
import logging
import threading

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.bundle import Bundle
from mol_edge.errors import (
    ArrayError,
    BundleError,
    BusyError,
    DeviceError,
    InputError,
    NoFaceError,
    OptionError,
)
from mol_edge.faces import Detection
from mol_edge.frame import Frame
from mol_edge.options import PipelineOptions
from mol_edge.pipeline import Pipeline
from mol_edge.results import FaceState, WindowState
from mol_edge.sources import SourceOptions
from mol_edge.track_options import TrackOptions

toy_bundle = pytest.importorskip("tests.toy_bundle", reason="needs the package onnx")

MS = 1_000_000
AT_20_FPS = PipelineOptions(source=SourceOptions(fps=20))
POINTS = np.array([[60, 60], [100, 60], [80, 80], [65, 100], [95, 100.0]])


def face_at(shift, score=0.9, size=80.0):
    return Detection((40.0 + shift, 40.0, size, size), POINTS + [shift, 0], score)


class Scripted:
    """A detector that gives what a test has written down for each frame."""

    name = "scripted"

    def __init__(self, script):
        self.script, self.seen = script, []

    def detect(self, frame):
        self.seen.append(frame.index)
        return self.script(frame.index)


def steady(index):
    return [face_at(0.0)]


def moving(index):
    return [face_at(index * 0.7)]


@pytest.fixture(scope="module")
def images():
    """Pictures that differ in light and in their pixels."""
    random = np.random.default_rng(5)
    smooth = random.integers(40, 200, (24, 12, 16, 3))
    return [np.repeat(np.repeat(image, 16, 0), 16, 1).astype(np.uint8) for image in smooth]


def crops_of(images, points):
    return np.stack(
        [
            _core.crop_float(image, _core.alignment_transform(p), toy_bundle.MEAN, toy_bundle.SCALE)
            for image, p in zip(images, points)
        ]
    )


def softmax(logits):
    exponent = np.exp(logits - logits.max())
    return exponent / exponent.sum()


@pytest.fixture
def open_pipe(toy):
    opened = []

    def make(script=steady, bundle=toy, options=AT_20_FPS):
        opened.append(Pipeline(bundle, "onnxruntime", Scripted(script), options))
        return opened[-1]

    yield make
    for pipe in opened:
        pipe.close()


def test_run_gives_for_each_frame_what_numpy_gives(open_pipe, images):
    pipe = open_pipe(moving)
    results = list(pipe.run(images))
    crops = crops_of(images, [POINTS + [i * 0.7, 0] for i in range(24)])
    assert [result.index for result in results] == list(range(24))
    for i, result in enumerate(results):
        (face,) = result.faces
        transform = _core.alignment_transform(POINTS + [i * 0.7, 0])
        np.testing.assert_array_equal(face.transform, transform)
        in_crop = toy_bundle.landmarks(crops[i][None, None])[0]
        inverse = np.linalg.inv(np.vstack([transform, [0, 0, 1]]))[:2]
        in_image = (in_crop + 8) @ inverse[:, :2].T + inverse[:, 2]
        np.testing.assert_allclose(face.landmarks, in_image, atol=1e-3)
        if i == 0:
            assert face.flow is None
            continue
        flow = toy_bundle.flow(crops[i - 1][None, None], crops[i][None, None])[0]
        np.testing.assert_allclose(face.flow, flow, atol=2e-5)
        linear = inverse[:, :2]
        np.testing.assert_allclose(
            face.flow_in_image(), np.einsum("ij,jhw->ihw", linear, flow), atol=1e-4
        )
    for i, result in enumerate(results):
        face = result.faces[0]
        if i < 7:
            assert face.window_state is WindowState.FILLING
            assert face.window is None
            continue
        assert face.window_state is WindowState.READY
        assert face.window.samples == tuple(range(i - 7, i + 1))
        assert face.window.span_ms == pytest.approx(350)
        logits = toy_bundle.logits(crops[i - 7 : i + 1, None])
        np.testing.assert_allclose(face.window.logits, logits, atol=2e-5)
        np.testing.assert_allclose(face.window.probabilities, softmax(logits), atol=1e-5)
    spread = np.ptp([r.faces[0].window.probabilities for r in results[7:]], axis=0)
    assert spread.max() > 0.01


def test_run_says_what_each_stage_took(open_pipe, images):
    for result in open_pipe().run(images[:3]):
        assert set(result.timings_ms) == {"decode", "track", "detect", "align", "infer", "motion"}
        assert all(value >= 0 for value in result.timings_ms.values())


@pytest.mark.parametrize("flow", [False, "never"])
def test_run_without_flow(open_pipe, images, flow):
    results = list(open_pipe().run(images[:9], flow=flow))
    assert all(result.faces[0].flow is None for result in results)
    assert results[-1].faces[0].window is not None


def test_frames_in_gray_give_what_their_luma_gives(open_pipe, images):
    gray = [image[..., 0].copy() for image in images[:9]]
    bgr = [np.repeat(image[..., None], 3, axis=2) for image in gray]
    pipe = open_pipe()
    a, b = (list(pipe.run(source))[-1].faces[0].window.logits for source in (gray, bgr))
    np.testing.assert_allclose(a, b, atol=1e-3)


def test_a_face_that_is_lost_and_found_is_told_and_begins_a_segment(open_pipe, images):
    pipe = open_pipe(lambda index: [] if index in (3, 4) else steady(index))
    results = list(pipe.run(images[:14]))
    faces = [result.faces[0] for result in results]
    assert [face.state is FaceState.LOST for face in faces] == [i in (3, 4) for i in range(14)]
    assert results[3].faces_found == 0
    for face in faces[3:5]:
        assert (face.landmarks, face.flow, face.score) == (None, None, 0.0)
        assert face.window_state is WindowState.NO_FACE
    assert [face.new_segment for face in faces] == ["start", *[None] * 4, "gap", *[None] * 8]
    # The missing frames are a gap: the window begins anew at frame 5 and is full at 12.
    assert [face.window is not None for face in faces] == [False] * 12 + [True] * 2
    assert faces[12].window.samples == tuple(range(5, 13))


def test_a_face_that_stays_away_is_no_face(open_pipe, images):
    options = PipelineOptions(source=SourceOptions(fps=20), track=TrackOptions(keep_lost_ms=100))
    pipe = open_pipe(lambda index: steady(index) if index < 3 else [], options=options)
    results = list(pipe.run(images[:9]))
    # Last seen in frame 2, and kept for 100 ms.
    assert [len(result.faces) for result in results] == [1] * 5 + [0] * 4


def test_two_faces_are_followed_side_by_side(open_pipe, images):
    def crowd(index):
        return [face_at(0.0), face_at(100.0, size=70.0)]

    options = PipelineOptions(source=SourceOptions(fps=20), track=TrackOptions(max_faces=2))
    results = list(open_pipe(crowd, options=options).run(images[:10]))
    assert all([face.track_id for face in result.faces] == [0, 1] for result in results)
    crops = [crops_of(images[:10], [POINTS + [x, 0]] * 10) for x in (0.0, 100.0)]
    for face, expected in zip(results[-1].faces, crops):
        logits = toy_bundle.logits(expected[2:10, None])
        np.testing.assert_allclose(face.window.logits, logits, atol=2e-5)


def test_windows_of_several_lengths_end_at_one_frame(open_pipe, images):
    options = PipelineOptions(source=SourceOptions(fps=20), windows_ms=(350, 700))
    results = list(open_pipe(options=options).run(images[:16]))
    face = results[14].faces[0]
    assert [window.wanted_ms for window in face.windows] == [350, 700]
    assert [window.span_ms for window in face.windows] == pytest.approx([350, 700])
    assert face.window is face.windows[0]
    assert face.window.jitter_ms == pytest.approx(0, abs=1e-3)
    assert [len(result.faces[0].windows) for result in results] == [0] * 7 + [1] * 7 + [2] * 2


def test_pictures_of_another_size_begin_another_segment(open_pipe, images):
    larger = [np.pad(image, ((0, 40), (0, 40), (0, 0))) for image in images[10:]]
    faces = [result.faces[0] for result in open_pipe().run(images[:10] + larger)]
    assert [face.track_id for face in faces] == [0] * 10 + [1] * 14
    assert faces[10].new_segment == "size_changed"
    ready = [i for i, face in enumerate(faces) if face.window is not None]
    assert ready == [7, 8, 9, *range(17, 24)]


@pytest.mark.parametrize(
    ("points", "state"),
    [
        (POINTS / 3 + 60, FaceState.TOO_SMALL),
        (POINTS + [[0, 0], [0, 0], [14, 0], [0, 0], [0, 0]], FaceState.TURNED_AWAY),
    ],
)
def test_a_face_that_cannot_be_measured_is_a_state_and_no_guess(open_pipe, images, points, state):
    pipe = open_pipe(lambda index: [Detection((40.0, 40.0, 80.0, 80.0), points, 0.9)])
    for result in pipe.run(images[:9]):
        (face,) = result.faces
        assert face.state is state
        assert (face.landmarks, face.flow, face.window) == (None, None, None)
        assert face.window_state is WindowState.NO_FACE


def test_a_blurred_face_is_a_state_too(open_pipe, images):
    flat = [np.full_like(image, 90) for image in images[:4]]
    states = [result.faces[0].state for result in open_pipe().run(flat)]
    assert states == [FaceState.BLURRED] * 4


def test_run_on_pictures_without_any_face_gives_results_without_faces(open_pipe, images):
    results = list(open_pipe(lambda index: []).run(images[:9]))
    assert [result.faces for result in results] == [()] * 9


def test_the_largest_of_several_faces_is_taken_and_told_once(open_pipe, images, caplog):
    def crowd(index):
        return [face_at(0.0), face_at(100.0, size=40.0), face_at(150.0, size=30.0)]

    pipe = open_pipe(crowd)
    with caplog.at_level(logging.WARNING, "mol_edge"):
        results = list(pipe.run(images[:5]))
    assert [result.faces_found for result in results] == [3] * 5
    assert all(len(result.faces) == 1 for result in results)
    assert results[0].faces[0].box == (40.0, 40.0, 80.0, 80.0)
    assert caplog.text.count("3 faces are in view: the largest is taken.") == 1


def test_another_face_begins_another_track(open_pipe, images):
    pipe = open_pipe(lambda index: [face_at(0.0 if index < 10 else 90.0)])
    faces = [result.faces[0] for result in pipe.run(images[:20])]
    assert [face.track_id for face in faces] == [0] * 10 + [1] * 10
    assert faces[10].flow is None
    ready = [i for i, face in enumerate(faces) if face.window is not None]
    assert ready == [7, 8, 9, 17, 18, 19]


def test_a_slow_source_is_refused_by_type_and_told(open_pipe, images, caplog):
    pipe = open_pipe(options=PipelineOptions(source=SourceOptions(fps=10)))
    with caplog.at_level(logging.WARNING, "mol_edge"):
        results = list(pipe.run(Frame(image, i * 100 * MS, i) for i, image in enumerate(images)))
    states = {result.faces[0].window_state for result in results[2:]}
    assert states == {WindowState.CAMERA_TOO_SLOW}
    assert caplog.text.count("8 frames do not fit the window of 350 ms at one each 100.0 ms") == 1


def test_a_longer_window_serves_a_slow_source(open_pipe, images):
    pipe = open_pipe(options=PipelineOptions(window_ms=700, source=SourceOptions(fps=10)))
    assert pipe.window_ms == 700
    results = list(pipe.run(images[:10]))
    assert results[-1].faces[0].window.span_ms == pytest.approx(700)


def test_an_anchored_bundle_holds_the_transform(open_pipe, images, tmp_path):
    toy_bundle.write_bundle(tmp_path / "b", mode="anchored")
    jitter = np.random.default_rng(0).normal(0, 0.5, (24, 5, 2))

    def jittery(index):
        return [Detection((40.0, 40.0, 80.0, 80.0), POINTS + jitter[index], 0.9)]

    pipe = open_pipe(jittery, Bundle.open(tmp_path / "b"))
    faces = [result.faces[0] for result in pipe.run(images)]
    locked = _core.alignment_transform(POINTS + jitter[:5].mean(axis=0))
    for face in faces[4:]:
        np.testing.assert_allclose(face.transform, locked, atol=1e-12)
    assert not np.allclose(faces[3].transform, locked, atol=1e-3)
    assert [face.reanchored for face in faces] == [i == 4 for i in range(24)]
    # The frames before are computed anew where the transform is locked, so no window is lost.
    assert [face.window is not None for face in faces] == [False] * 7 + [True] * 17
    crops = [
        _core.crop_float(image, locked, toy_bundle.MEAN, toy_bundle.SCALE) for image in images[:8]
    ]
    logits = toy_bundle.logits(np.stack(crops)[:, None])
    # Kept luma has whole levels.
    np.testing.assert_allclose(faces[7].window.logits, logits, atol=2e-3)


def test_a_run_that_is_under_way_refuses_another(open_pipe, images):
    pipe = open_pipe()
    run = pipe.run(images)
    next(run)
    with pytest.raises(BusyError, match="serves one run at a time and another one is under way"):
        pipe.run(images)
    run.close()
    assert len(list(pipe.run(images))) == 24
    assert list(run) == []


def test_a_run_frees_the_pipeline_however_it_ends(open_pipe, images):
    pipe = open_pipe()
    with pipe.run(images) as run:
        next(run)
    for _ in pipe.run(images):
        break
    gc.collect()
    with pytest.raises(InputError):
        pipe.run("/nowhere.mp4")
    with pytest.raises(ArrayError):
        list(pipe.run([images[0], "text"]))
    pipe.run(images)
    gc.collect()
    assert len(list(pipe.run(images))) == 24


def test_a_run_has_the_newest_frame(open_pipe, images):
    run = open_pipe().run(images)
    assert run.frame is None
    for i, _ in enumerate(run):
        assert run.frame.image is images[i]
    assert run.incomplete is None


def test_only_one_of_many_threads_gets_the_run(open_pipe, images):
    pipe = open_pipe()
    start = threading.Barrier(6)
    outcomes = []

    def work():
        start.wait()
        try:
            outcomes.append(pipe.run(images))
        except BusyError:
            outcomes.append(None)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (run,) = [outcome for outcome in outcomes if outcome is not None]
    assert len(outcomes) == 6
    assert len(list(run)) == 24


def test_threads_may_classify_while_another_runs(open_pipe, images):
    pipe = open_pipe(moving)
    alone = pipe.classify(images[:8]).phases[0].logits
    run_alone = [result.faces[0].window for result in pipe.run(images)][-1].logits
    wrong = []

    def work():
        for _ in range(10):
            if not np.array_equal(pipe.classify(images[:8]).phases[0].logits, alone):
                wrong.append("classify")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        last = list(pipe.run(images))[-1].faces[0].window.logits
        if not np.array_equal(last, run_alone):
            wrong.append("run")
    for thread in threads:
        thread.join()
    assert wrong == []


def test_classify_within_a_run(open_pipe, images):
    pipe = open_pipe()
    for result in pipe.run(images):
        if result.index == 10:
            assert len(pipe.classify(images[:8]).phases) == 1


def test_classify_officially(open_pipe, images):
    pipe = open_pipe(moving)
    clip = pipe.classify(images)
    crops = crops_of(images, [POINTS + [i * 0.7, 0] for i in range(24)])
    assert clip.protocol == "official"
    assert clip.labels == toy_bundle.LABELS
    assert [phase.samples for phase in clip.phases] == [
        tuple(range(start, 24, 3)) for start in range(3)
    ]
    means = []
    for phase in clip.phases:
        picked = crops[list(phase.samples), None]
        logits = toy_bundle.logits(picked)
        np.testing.assert_allclose(phase.logits, logits, atol=2e-5)
        np.testing.assert_allclose(phase.probabilities, softmax(logits), atol=1e-5)
        expected = toy_bundle.flow(picked[:-1], picked[1:])
        np.testing.assert_allclose(phase.flow, expected, atol=2e-5)
        means.append(softmax(logits))
        for k, at in enumerate(phase.samples[1:]):
            transform = _core.alignment_transform(POINTS + [at * 0.7, 0])
            in_crop = toy_bundle.landmarks(crops[at][None, None])[0].astype(np.float32)
            in_image = _core.points_to_image(in_crop, transform)
            np.testing.assert_allclose(phase.landmarks[k], in_image, atol=1e-3)
    np.testing.assert_allclose(clip.probabilities, np.mean(means, axis=0), atol=1e-5)
    assert clip.label == toy_bundle.LABELS[int(np.argmax(np.mean(means, axis=0)))]


def test_classify_an_event(open_pipe, images):
    pipe = open_pipe()
    clip = pipe.classify(images[:15], protocol="event")
    (phase,) = clip.phases
    assert phase.samples == (0, 2, 4, 6, 8, 10, 12, 14)
    assert pipe.detector.seen == list(phase.samples)


def test_a_stream_and_a_clip_give_the_same(open_pipe, images):
    pipe = open_pipe(moving)
    window = list(pipe.run(images[:8]))[-1].faces[0].window
    phase = pipe.classify(images[:8]).phases[0]
    np.testing.assert_allclose(window.logits, phase.logits, atol=1e-5)


def test_classify_with_points_asks_no_detector(toy, images):
    def never(index):
        raise AssertionError("the detector was asked")

    points = np.stack([POINTS + [i * 0.7, 0] for i in range(8)])
    with Pipeline(toy, "onnxruntime", Scripted(never)) as pipe:
        given = pipe.classify(images[:8], points=points)
    with Pipeline(toy, "onnxruntime", Scripted(moving)) as pipe:
        found = pipe.classify(images[:8])
    np.testing.assert_array_equal(given.phases[0].logits, found.phases[0].logits)


def test_classify_anchored_uses_the_mean_points(open_pipe, images, tmp_path):
    toy_bundle.write_bundle(tmp_path / "b", mode="anchored")
    anchored = open_pipe(moving, Bundle.open(tmp_path / "b")).classify(images[:8])
    mean = np.stack([POINTS + [3.5 * 0.7, 0]] * 8)
    fixed = open_pipe().classify(images[:8], points=mean)
    np.testing.assert_allclose(anchored.phases[0].logits, fixed.phases[0].logits, atol=1e-5)


def test_a_frame_of_a_clip_without_a_face_takes_the_nearest_points(open_pipe, images, caplog):
    pipe = open_pipe(lambda index: [] if index in (0, 5) else moving(index))
    with caplog.at_level(logging.WARNING, "mol_edge"):
        found = pipe.classify(images[:8])
    filled = [POINTS + [max(1, i if i != 5 else 4) * 0.7, 0] for i in range(8)]
    given = pipe.classify(images[:8], points=np.stack(filled))
    np.testing.assert_array_equal(found.phases[0].logits, given.phases[0].logits)
    assert "No face was found in 2 of 8 frames" in caplog.text


def test_classify_says_how_many_faces(open_pipe, images):
    crowd = open_pipe(lambda i: [face_at(0.0), face_at(90.0, size=40.0)][: 2 if i == 3 else 1])
    assert crowd.classify(images[:8]).faces_found == 2
    assert open_pipe().classify(images[:8]).faces_found == 1


def test_classify_refuses(open_pipe, images):
    pipe = open_pipe()
    with pytest.raises(InputError, match="at least 8 frames, got 7"):
        pipe.classify(images[:7])
    with pytest.raises(InputError, match="at least 8 frames, got 0"):
        pipe.classify([])
    with pytest.raises(OptionError, match="protocol must be 'official' or 'event', got 'fast'"):
        pipe.classify(images, protocol="fast")
    with pytest.raises(OptionError, match="read a video with `mol_edge.open_source`"):
        pipe.classify("clip.mp4")
    with pytest.raises(ArrayError, match=r"points must be float64 of shape \(8, 5, 2\), got flo"):
        pipe.classify(images[:8], points=np.zeros((8, 5, 2), np.float32))
    with pytest.raises(ArrayError, match=r"of shape \(8, 5, 2\), got float64 of \(7, 5, 2\)"):
        pipe.classify(images[:8], points=np.zeros((7, 5, 2)))
    with pytest.raises(ArrayError, match="points must be finite"):
        pipe.classify(images[:8], points=np.full((8, 5, 2), np.nan))
    with pytest.raises(NoFaceError, match="none was found in 8 frames"):
        open_pipe(lambda index: []).classify(images[:8])


def test_a_closed_pipeline_says_so(open_pipe, images):
    pipe = open_pipe()
    pipe.close()
    with pytest.raises(DeviceError, match="was closed"):
        pipe.classify(images[:8])


def test_an_untrained_bundle_is_told(open_pipe, caplog):
    with caplog.at_level(logging.WARNING, "mol_edge"):
        open_pipe()
    assert "The bundle toy is not trained: its classes and landmarks mean nothing" in caplog.text


def test_a_path_is_opened_as_a_bundle(toy_folder, tmp_path):
    with Pipeline(toy_folder, "onnxruntime", Scripted(steady)) as pipe:
        assert pipe.labels == toy_bundle.LABELS
        assert pipe.window_ms == 350
        assert pipe.device == "onnxruntime:cpu"
    with pytest.raises(BundleError, match="is no folder"):
        Pipeline(tmp_path / "nothing")

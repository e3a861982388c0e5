"""What a run gives for each frame, and in which windows."""

import logging

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.bundle import Bundle
from mol_edge.faces import Detection
from mol_edge.frame import Frame
from mol_edge.options import PipelineOptions
from mol_edge.results import WindowState
from mol_edge.sources import SourceOptions
from tests.mol_edge.pipeline.toy_faces import MS, POINTS, crops_of, moving, softmax, toy_bundle


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


def test_a_run_has_the_newest_frame(open_pipe, images):
    run = open_pipe().run(images)
    assert run.frame is None
    for i, _ in enumerate(run):
        assert run.frame.image is images[i]
    assert run.incomplete is None


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


def test_a_stream_and_a_clip_give_the_same(open_pipe, images):
    pipe = open_pipe(moving)
    window = list(pipe.run(images[:8]))[-1].faces[0].window
    phase = pipe.classify(images[:8]).phases[0]
    np.testing.assert_allclose(window.logits, phase.logits, atol=1e-5)


def test_windows_of_several_lengths_end_at_one_frame(open_pipe, images):
    options = PipelineOptions(source=SourceOptions(fps=20), windows_ms=(350, 700))
    results = list(open_pipe(options=options).run(images[:16]))
    face = results[14].faces[0]
    assert [window.wanted_ms for window in face.windows] == [350, 700]
    assert [window.span_ms for window in face.windows] == pytest.approx([350, 700])
    assert face.window is face.windows[0]
    assert face.window.jitter_ms == pytest.approx(0, abs=1e-3)
    assert [len(result.faces[0].windows) for result in results] == [0] * 7 + [1] * 7 + [2] * 2


def test_a_slow_source_is_refused_by_type_and_told(open_pipe, images, caplog):
    pipe = open_pipe(options=PipelineOptions(source=SourceOptions(fps=10)))
    with caplog.at_level(logging.WARNING, "mol_edge"):
        results = list(pipe.run(Frame(image, i * 100 * MS, i) for i, image in enumerate(images)))
    states = {result.faces[0].window_state for result in results[2:]}
    assert states == {WindowState.CAMERA_TOO_SLOW}
    assert caplog.text.count("8 frames do not fit the window of 350 ms at one each 100.0 ms") == 1


def test_a_video_whose_times_jump_is_told_with_what_it_costs(open_pipe, images, caplog):
    times = [(n + 4 * (n // 6)) * 50 * MS for n in range(24)]
    with caplog.at_level(logging.WARNING, "mol_edge"):
        results = list(open_pipe().run(list(zip(images, times)), "never"))
    jumps = [result.index for result in results if result.faces[0].new_segment == "gap"]
    assert jumps == [6, 12, 18]
    (told,) = [text for text in caplog.messages if "jump" in text]
    assert told.startswith(
        "The times of the frames jump 3 times within 1.8 s, and nothing is measured across a "
        "jump, so that no event can be told in 75% of the frames with a face: give a video a "
        "constant rate (ffmpeg -i VIDEO -vf fps=20 OUT.mp4)"
    )


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

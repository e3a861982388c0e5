"""Faces that come, go, are several or cannot be measured."""

import logging

import numpy as np
import pytest

from mol_edge.faces import Detection
from mol_edge.options import PipelineOptions
from mol_edge.results import FaceState, WindowState
from mol_edge.sources import SourceOptions
from mol_edge.track_options import TrackOptions
from tests.mol_edge.pipeline.toy_faces import POINTS, crops_of, face_at, steady, toy_bundle


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


def test_run_on_pictures_without_any_face_gives_results_without_faces(open_pipe, images):
    results = list(open_pipe(lambda index: []).run(images[:9]))
    assert [result.faces for result in results] == [()] * 9


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

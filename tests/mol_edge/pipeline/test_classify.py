"""The class of a clip."""

import logging

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.bundle import Bundle
from mol_edge.errors import ArrayError, InputError, NoFaceError, OptionError
from mol_edge.pipeline import Pipeline
from tests.mol_edge.pipeline.toy_faces import POINTS, crops_of, face_at, moving, softmax, toy_bundle
from tests.mol_edge.scenes import Scripted


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

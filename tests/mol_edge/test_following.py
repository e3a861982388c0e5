"""How the parts of a run fit together, on tiny real graphs."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from mol_edge.bundle import Bundle
from mol_edge.engine import Engine, EngineOptions
from mol_edge.errors import OptionError
from mol_edge.event import EventKind
from mol_edge.event_class import classified
from mol_edge.follow import ByLandmarks, ByTexture
from mol_edge.following import Following, flow_mode
from mol_edge.movements import Movements
from mol_edge.options import PipelineOptions
from mol_edge.pipeline import Pipeline
from mol_edge.run import StageClock
from mol_edge.sources import open_source
from mol_edge.spot import Spot
from tests import toy_bundle
from tests.mol_edge.scenes import MS, Scripted, face, frame_of, scene, shifted

LABELS = toy_bundle.LABELS


@pytest.fixture(scope="module")
def image():
    return scene(1)


@pytest.fixture
def anchored(tmp_path):
    toy_bundle.write_bundle(tmp_path / "bundle", mode="anchored")
    return Bundle.open(tmp_path / "bundle")


def spot(onset, offset):
    return Spot(
        onset * 50 * MS, (onset + offset) // 2 * 50 * MS, offset * 50 * MS,
        onset, (onset + offset) // 2, offset, EventKind.MICRO, {"mouth": 0.6},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("given", "mode"),
    [(True, "always"), (False, "never"), ("on_motion", "on_motion"), ("never", "never")],
)
def test_flow_is_said_by_a_word_or_a_truth_value(given, mode):
    assert flow_mode(given) == mode


def test_another_word_is_refused():
    with pytest.raises(OptionError, match="flow must be one of always, on_motion, never, True"):
        flow_mode("sometimes")


def mouth_lifted(image, by):
    """The mouth moved up by some pixels, its surroundings less and less."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    weight = np.exp(-(((x - 140) / 25) ** 2 + ((y - 165) / 14) ** 2))
    return cv2.remap(image, x, y + np.float32(by) * weight, cv2.INTER_CUBIC)


def test_flow_on_motion_is_computed_while_a_part_of_the_face_moves(anchored, image):
    lifts = [0.0] * 25 + [0.6, 1.2, 1.8, 2.4] + [2.4] * 15
    frames = [frame_of(mouth_lifted(image, lift), at) for at, lift in enumerate(lifts)]
    options = PipelineOptions(refine=False)
    with Pipeline(anchored, "onnxruntime", Scripted(lambda index: [face()]), options) as pipe:
        faces = [result.faces[0] for result in pipe.run(frames, flow="on_motion")]
    computed = [at for at, each in enumerate(faces) if each.flow is not None]
    assert set(range(26, 30)) <= set(computed)
    # Motion is that of the last 100 ms, three frames.
    assert set(computed) <= set(range(25, 33))
    assert faces[28].motion["mouth"] > 1.0
    assert faces[20].motion["mouth"] < 0.1


def test_an_alignment_that_is_anchored_anew_breaks_no_window_and_no_motion(anchored, image):
    """The head goes 8 px aside within 20 frames: it is anchored anew, and nothing else happens."""
    ways = np.concatenate([np.zeros(20), np.linspace(0, 8, 20), np.full(20, 8)])
    frames = [frame_of(shifted(image, way), at) for at, way in enumerate(ways)]
    script = Scripted(lambda index: [face(ways[index])])
    with Pipeline(anchored, "onnxruntime", script, PipelineOptions(refine=False)) as pipe:
        results = list(pipe.run(frames, flow=False))
    faces = [result.faces[0] for result in results]
    renewed = [at for at, each in enumerate(faces) if each.reanchored]
    assert renewed[0] == 4
    assert 1 <= len(renewed) - 1 <= 3
    assert all(20 < at < 45 for at in renewed[1:])
    assert all(each.window is not None for each in faces[16:])
    assert [each.new_segment for each in faces[1:]] == [None] * 59
    assert max(each.drift_px for each in faces) <= 4.0
    assert max(max(each.motion.values()) for each in faces[1:]) < 0.4
    assert not any(result.events for result in results)


@pytest.mark.parametrize("mode", ["anchored", "per_frame"])
def test_pixels_are_kept_only_where_frames_can_be_aligned_anew(tmp_path, image, mode):
    toy_bundle.write_bundle(tmp_path / "bundle", mode=mode)
    bundle, clock = Bundle.open(tmp_path / "bundle"), StageClock()
    with Pipeline(bundle, "onnxruntime") as pipe:
        following = Following(
            bundle.manifest, pipe.backend, lambda: Scripted(lambda index: [face()]),
            PipelineOptions(refine=False), (350.0,), "never", open_source([]),
        )  # fmt: skip
        for at in range(3):
            (track,) = following.track(frame_of(image, at), clock)
            following.align(track, frame_of(image, at))
    assert (track.patches.bytes > 0) == (mode == "anchored")


def test_landmarks_are_trusted_only_where_their_error_was_measured_to_be_small(anchored, image):
    def follower_of(nme, photographs=None):
        accuracy = {} if nme is None else {"fp32": {"landmarks": {"nme": nme}}}
        if photographs is not None:
            accuracy["fp32"]["photographs"] = {"nme": photographs}
        manifest = dataclasses.replace(anchored.manifest, accuracy=accuracy)
        with Pipeline(anchored, "onnxruntime") as pipe:
            following = Following(
                manifest, pipe.backend, lambda: Scripted(lambda index: [face()]),
                PipelineOptions(), (350.0,), "never", open_source([]),
            )  # fmt: skip
            (track,) = following.track(frame_of(image), StageClock())
        return type(track._follower)

    assert follower_of(None) is ByTexture
    assert follower_of(0.09) is ByTexture
    assert follower_of(0.03) is ByLandmarks
    assert follower_of(0.03, photographs=0.08) is ByTexture
    assert follower_of(0.03, photographs=0.035) is ByLandmarks


def test_motion_is_measured_around_the_models_landmarks_where_they_beat_the_mean_face(
    anchored, image, monkeypatch
):
    seen = []
    monkeypatch.setattr(Movements, "push", lambda self, *given: seen.append(given[-1]) or [])
    for nme in (None, 0.2, 0.09):
        accuracy = {} if nme is None else {"fp32": {"landmarks": {"nme": nme}}}
        manifest = dataclasses.replace(anchored.manifest, accuracy=accuracy)
        with Pipeline(anchored, "onnxruntime") as pipe:
            following = Following(
                manifest, pipe.backend, lambda: Scripted(lambda index: [face()]),
                PipelineOptions(refine=False), (350.0,), "never", open_source([]),
            )  # fmt: skip
            frame = frame_of(image)
            (track,) = following.track(frame, StageClock())
            looked = following.align(track, frame)
            following.infer([looked], frame)
            following.measure(looked, frame)
    np.testing.assert_array_equal(seen[:2], [looked.mean_shape()] * 2)
    np.testing.assert_array_equal(seen[2], looked.output.landmarks)
    assert np.abs(seen[2] - seen[0]).mean() > 1


@pytest.fixture
def engine(toy):
    """An engine with 30 frames at 20 per second, of which 1500 ms are kept."""
    with Pipeline(toy, "onnxruntime") as pipe:
        made = Engine(pipe.backend, EngineOptions(flow="never"), 50 * MS)
        crops = np.random.default_rng(0).normal(0, 1, (60, 128, 128)).astype(np.float32)
        for at in range(60):
            made.push(crops[at : at + 1], [3], at * 50 * MS, at)
        yield made, crops


def test_a_movement_is_classified_by_eight_of_its_frames(engine):
    made, crops = engine
    event = classified(made, LABELS, 3, spot(40, 54), lambda: 12.5)
    assert event.samples == (40, 42, 44, 46, 48, 50, 52, 54)
    logits = toy_bundle.logits(crops[list(event.samples), None])
    np.testing.assert_allclose(event.logits, logits, atol=2e-5)
    assert event.label == LABELS[int(logits.argmax())]
    assert event.probabilities.sum() == pytest.approx(1, abs=1e-6)
    assert (event.flow, event.refusal, event.latency_ms) == (None, None, 12.5)
    assert (event.onset, event.apex, event.offset) == (40, 47, 54)


def test_the_flows_of_a_movement_come_where_they_are_asked_for(engine):
    made, crops = engine
    event = classified(made, LABELS, 3, spot(40, 54), lambda: 0.0, flow=True)
    picked = crops[list(event.samples), None]
    np.testing.assert_allclose(event.flow, toy_bundle.flow(picked[:-1], picked[1:]), atol=2e-5)


def test_a_movement_whose_frames_are_gone_has_no_class_but_a_reason(engine):
    made, _ = engine
    event = classified(made, LABELS, 3, spot(2, 20), lambda: 0.0)
    assert (event.label, event.probabilities, event.samples) == (None, None, ())
    assert "kept" in event.refusal
    assert (event.onset, event.offset, event.peak_px) == (2, 20, {"mouth": 0.6})

"""A bundle's check set: what it must hold, and the figures a device makes of it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.bundle import Bundle, measure, write_manifest
from mol_edge.check_set import FLOW_START, CheckSet, measure_accuracy, on_grid
from mol_edge.engine import run_clip
from mol_edge.errors import BundleError
from tests.toy_bundle import LABELS, MEAN, SCALE, write_bundle

pytest.importorskip("onnxruntime")

CLIPS = 3


def arrays(**changes):
    rng = np.random.default_rng(4)
    values = {
        "frames": rng.integers(0, 256, (CLIPS, 8, 128, 128)).astype(np.uint8),
        "labels": np.array([0, 1, -1]),
        "landmarks": rng.uniform(0, 128, (CLIPS, 7, 68, 2)).astype(np.float32),
        "flow": rng.normal(size=(CLIPS, 7, 2, 16, 16)).astype(np.float32),
        "moving": rng.random((CLIPS, 7, 16, 16)) < 0.3,
        "given_logits": rng.normal(size=(CLIPS, len(LABELS))).astype(np.float32),
        "given_landmarks": np.zeros((CLIPS, 7, 68, 2), np.float32),
        "given_flow": np.zeros((CLIPS, 7, 2, 16, 16), np.float32),
    }
    return values | changes


@pytest.fixture
def bundle(tmp_path):
    write_bundle(tmp_path / "toy")
    return Bundle.open(tmp_path / "toy")


def with_check_set(bundle, check):
    path = bundle.folder / "check" / "clips.npz"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(check.to_bytes())
    files = {**bundle.manifest.files, "check/clips.npz": measure(path)}
    manifest = replace(bundle.manifest, files=files, check_set="check/clips.npz")
    write_manifest(bundle.folder, manifest)
    return Bundle.open(bundle.folder)


def outputs(bundle, frames):
    backend = open_backend(bundle, "onnxruntime")
    crops = ((frames.astype(np.float32) - MEAN) / SCALE).astype(np.float32)[:, :, None]
    found = [run_clip(backend, clip) for clip in crops]
    backend.close()
    return {
        "given_logits": np.stack([f.logits for f in found]),
        "given_landmarks": np.stack([f.landmarks for f in found]),
        "given_flow": np.stack([on_grid(f.flow) for f in found]),
    }


def test_it_comes_back_as_it_was_written():
    check = CheckSet(**arrays())
    again = CheckSet.from_bytes(check.to_bytes())
    assert len(again) == CLIPS
    for field in fields(CheckSet):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(check, field.name))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frames", np.zeros((CLIPS, 7, 128, 128), np.uint8)),
        ("frames", np.zeros((CLIPS, 8, 128, 128), np.float32)),
        ("labels", np.zeros(CLIPS + 1, np.int64)),
        ("moving", np.zeros((CLIPS, 7, 2, 16), bool)),
    ],
)
def test_an_array_of_another_form_is_named(name, value):
    with pytest.raises(BundleError, match=f"check set's {name} must be"):
        CheckSet(**arrays(**{name: value}))


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut"])
def test_damage_is_one_sentence(content):
    with pytest.raises(BundleError, match="check set must hold the arrays frames"):
        CheckSet.from_bytes(content)


def test_a_bundle_without_one_gives_no_figures(bundle):
    assert bundle.manifest.check_set is None
    assert measure_accuracy(bundle, open_backend(bundle, "onnxruntime")) is None


def test_figures_of_outputs_that_agree(bundle):
    values = arrays()
    given = outputs(bundle, values["frames"])
    values |= given | {"landmarks": given["given_landmarks"].copy(), "flow": given["given_flow"]}
    # Eyes 50 pixels apart, and every point of every frame 2 pixels from where the network says.
    values["landmarks"] += np.array([2.0, 0.0], np.float32)
    values["labels"][:2] = given["given_logits"][:2].argmax(1)
    judged = with_check_set(bundle, CheckSet(**values))
    figures = measure_accuracy(judged, open_backend(judged, "onnxruntime"))
    assert (figures.clips, figures.agreement, figures.accuracy) == (CLIPS, 1.0, 1.0)
    eyes = values["landmarks"][:, :, 36:42].mean(2) - values["landmarks"][:, :, 42:48].mean(2)
    expected = (2.0 / np.linalg.norm(eyes, axis=-1)).mean()
    assert figures.nme == pytest.approx(expected, rel=1e-4)
    assert figures.epe == pytest.approx(0, abs=1e-5)
    length = np.linalg.norm(values["flow"], axis=2)[values["moving"]].mean()
    assert figures.zero_epe == pytest.approx(length, rel=1e-5)
    assert max(figures.logit_error, figures.landmark_error_px, figures.flow_error_px) < 1e-4


def test_a_device_that_computes_something_else_is_seen(bundle):
    values = arrays()
    given = outputs(bundle, values["frames"])
    given["given_logits"] = np.roll(given["given_logits"], 1, axis=1)
    given["given_flow"] = given["given_flow"] + np.float32(0.25)
    judged = with_check_set(bundle, CheckSet(**(values | given)))
    figures = measure_accuracy(judged, open_backend(judged, "onnxruntime"))
    assert figures.agreement == 0.0
    assert figures.flow_error_px == pytest.approx(0.25, abs=1e-4)
    assert figures.landmark_error_px < 1e-4


def test_the_grid_is_every_eighth_pixel():
    x = np.broadcast_to(np.arange(128.0), (2, 128, 128))
    assert on_grid(x).shape == (2, 16, 16)
    assert on_grid(x)[0, 0, :3].tolist() == [FLOW_START, FLOW_START + 8, FLOW_START + 16]

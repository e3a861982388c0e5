import numpy as np
import pytest
import torch

from mol_edge.errors import InputError
from tests.toy_bundle import LABELS, write_bundle
from training.checkpoints import Facts, save_model
from training.evaluation.predictor import open_predictor
from training.model import Mol, MolConfig

FRAMES = np.random.default_rng(0).integers(0, 256, (8, 128, 128), np.uint8)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("model") / "model.pt"
    model = Mol(MolConfig.lite(classes=3, flow_width=0.05)).eval()
    facts = Facts(("a", "b", "c"), 120.0, 130.0, "anchored", 350.0, {"name": "tried"})
    save_model(model, facts, path)
    return path, model


def test_a_checkpoint_gives_what_its_network_gives(checkpoint):
    path, model = checkpoint
    predictor = open_predictor(path, "cpu")
    assert (predictor.name, predictor.labels) == ("tried", ("a", "b", "c"))
    clip = (torch.from_numpy(FRAMES).float() - 120) / 130
    with torch.no_grad():
        logits, flow, landmarks = model(clip[None, None])
    out = predictor.clip(FRAMES)
    assert np.allclose(out.logits, logits[0], atol=1e-3)
    assert np.allclose(out.flow, flow[0].movedim(-1, 0), atol=1e-3)
    assert np.allclose(out.landmarks, landmarks[0].mT.unflatten(1, (68, 2)), atol=1e-2)
    assert np.allclose(predictor.points(FRAMES[3:5]), out.landmarks[2:4], atol=1e-2)


def test_a_bundle_goes_the_same_way(tmp_path):
    write_bundle(tmp_path / "toy")
    predictor = open_predictor(tmp_path / "toy", "onnxruntime")
    out = predictor.clip(FRAMES)
    assert predictor.labels == LABELS
    assert predictor.device == "onnxruntime:cpu fp32"
    assert out.logits.shape == (len(LABELS),)
    assert out.flow.shape == (7, 2, 128, 128)
    assert np.allclose(predictor.points(FRAMES[1:3]), out.landmarks[:2], atol=1e-4)


def test_what_is_neither(tmp_path):
    with pytest.raises(InputError, match="checkpoint file or a bundle folder"):
        open_predictor(tmp_path / "none")
    (tmp_path / "text.pt").write_text("hello")
    with pytest.raises(InputError, match=r"text\.pt"):
        open_predictor(tmp_path / "text.pt")
    torch.save({"state_dict": {}}, tmp_path / "bare.pt")
    with pytest.raises(InputError, match="config"):
        open_predictor(tmp_path / "bare.pt")

"""`mol-edge check` on the demo bundle, and how it tells what is lost."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from mol_edge.backends import open_backend
from mol_edge.bundle import Bundle, measure, write_manifest
from mol_edge.check_set import CheckSet
from mol_edge.cli import main
from mol_edge.network import run_clip

pytest.importorskip("onnxruntime")

DEVICE = ("check", "--device", "onnxruntime")


def test_the_demo_loses_nothing(capsys):
    assert main(DEVICE) == 0
    said = capsys.readouterr()
    assert "same class as PyTorch             100%" in said.out
    assert said.err == ""


def test_a_loss_has_as_many_digits_as_tell_it_from_what_may_be_lost(capsys):
    """Weights stored in half precision move the demo's flow by a hundredth of a percent."""
    assert main([*DEVICE, "--max-drop", "flow=0,landmarks=9"]) == 1
    said = capsys.readouterr().err
    found = re.fullmatch(
        r"mol-edge: fp32 on onnxruntime:cpu, flow: rise of EPE above PyTorch's is (0\.0+[1-9])%, "
        r"at most 0% may be lost: do not use it here\.\n",
        said,
    )
    assert found is not None, said
    assert 0 < float(found[1]) < 0.05


@pytest.mark.parametrize(("apart", "told"), [(0.004, True), (0.0005, False), (0.5, False)])
def test_a_difference_that_a_tie_of_neighbours_makes_is_explained(apart, told, tmp_path, capsys):
    folder = tmp_path / "bundle"
    shutil.copytree(Bundle.default().folder, folder)
    bundle = Bundle.open(folder)
    check = CheckSet.of(bundle)
    luma = bundle.manifest.normalisation
    with open_backend(bundle, "onnxruntime") as backend:
        crops = ((check.frames[:1, :, None] - luma.mean) / luma.scale).astype(np.float32)
        logits = run_clip(backend, crops[0]).logits
    arrays = {name: getattr(check, name)[:1] for name in CheckSet.__dataclass_fields__}
    arrays["given_logits"] = logits[None] + np.float32(apart)
    path = bundle.manifest.check_set
    (folder / path).write_bytes(CheckSet(**arrays).to_bytes())
    files = {**bundle.manifest.files, path: measure(folder / path)}
    write_manifest(folder, replace(bundle.manifest, files=files))
    assert main([*DEVICE, "--precision", "fp32", "--bundle", str(folder)]) == 0
    assert ("rounding decides which of them comes first" in capsys.readouterr().out) is told


@pytest.mark.parametrize("text", ["classes=101", "classes=1,classes=2", "flow=-1", "pose=1"])
def test_drops_that_make_no_sense_are_refused(text, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*DEVICE, "--max-drop", text])
    assert ended.value.code == 2
    assert "must be percents by task, each named once" in capsys.readouterr().err

"""`mol-edge check` on the demo bundle, and how it tells what is lost."""

import re

import pytest

from mol_edge.cli import main

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

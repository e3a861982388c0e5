"""What an export allows a bundle to differ by, and what it says where it differs by more."""

from __future__ import annotations

import json

from export.verification import Difference, Verification


def found(largest: float, magnitude: float, tolerance: float = 1e-3) -> Verification:
    small = Difference("onnxruntime:cpu", "clip", "flow", 2e-6, 1.5)
    other = Difference("openvino:CPU", "stream", "logits", largest, magnitude)
    return Verification(tolerance, (small, other), 1e-5)


def test_the_tolerance_grows_with_outputs_above_100() -> None:
    assert found(9e-4, 1.0).passed and not found(1.1e-3, 1.0).passed
    assert not found(1.1e-3, 100.0).passed
    assert found(5e-3, 3856.0).passed and found(5e-3, 3856.0).grown
    assert not found(4e-2, 3856.0).passed
    assert "  5.00e-03  3856.00  (at most 0.039)\n" in found(5e-3, 3856.0).table() + "\n"
    assert not found(9e-4, 1.0).grown


def test_what_is_beyond_names_the_output_and_the_way_out() -> None:
    assert found(0.01527, 7.2).failure() == (
        "fp32 must agree with PyTorch to 0.001, and logits of openvino:CPU (stream) differ by "
        "1.53e-02",
        "if that is little for this model, export it with --tolerance 0.016",
    )
    assert found(0.01527, 7.2, 0.016).passed
    assert found(float("inf"), 7.2).failure()[1].startswith("no --tolerance allows that")


def test_what_is_no_number_never_passes_and_is_written_as_text() -> None:
    for report in (found(float("inf"), float("inf")), found(float("nan"), float("nan"))):
        assert not report.passed
        content = json.loads(json.dumps(report.to_json(), allow_nan=False))
        assert content["differences"][1]["largest"] in ("inf", "nan")


def test_runtimes_that_were_left_out_are_named() -> None:
    report = Verification(1e-3, (), 1e-5, left_out={"native:cpu": "it computes less"})
    assert report.table().splitlines()[-1] == "native:cpu was left out: it computes less."
    assert report.to_json()["left_out"] == {"native:cpu": "it computes less"}

"""Groups of layers: which there are, and how trying them decides."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from export.precision.add import FLAVOURS
from export.precision.build import Calibration, Models, flavoured
from export.precision.gate import Drop, Limits
from export.precision.groups import GROUPS, group_of, layers_of
from export.precision.measure import Figures
from export.precision.quantize import OPENVINO
from export.precision.sensitivity import Trial, Tried, drop_worst, try_groups

FIGURES = Figures(4, 1.0, 0, 0, 0, None, None, 0.1, 0.3, 0.03)

STAYING = r"flow\.(upsampled_flow\d_to_\d|(frame|raise)_to_flow0)"


def tried(group: str, flow: float, classes: float = 0.0) -> Tried:
    lost = (Drop("classes", "other", classes, 0.02), Drop("flow", "rise", flow, 0.05))
    return Tried(group, False, 1, FIGURES, lost, 0.1, chosen=True)


def test_every_layer_is_in_one_group_or_stays_in_float32(float32: Models) -> None:
    names = [g.name for g in GROUPS]
    for model in float32.values():
        for node in model.graph.node:
            if node.op_type in ("Conv", "Gemm"):
                stays = re.fullmatch(STAYING, node.name) is not None
                assert (group_of(node.name) is None) == stays, node.name
    everything = sum(len(layers_of(model, names)) for model in float32.values())
    assert everything == sum(
        len(layers_of(model, [name])) for name in names for model in float32.values()
    )
    assert group_of("first.second.ccc.similarity") is None
    assert group_of("flow.corr.product") is None


def test_the_group_that_loses_most_in_what_failed_goes_first() -> None:
    groups = [tried("a", 0.01, 0.5), tried("b", 0.03), tried("c", 0.02)]
    left = drop_worst(groups, [Drop("flow", "rise", 0.06, 0.05)])
    assert [(one.group, one.chosen) for one in left] == [("a", True), ("b", False), ("c", True)]
    assert "flow" in left[1].reason
    left = drop_worst(left, [Drop("classes", "other", 0.1, 0.02)])
    assert [one.chosen for one in left] == [False, False, True]


def test_of_groups_that_lose_nothing_alone_the_one_that_moves_the_outputs_most_goes() -> None:
    still, moving = tried("a", 0.0), tried("b", 0.0)
    moving = replace(moving, figures=replace(FIGURES, logit_error=0.02))
    left = drop_worst([still, moving], [Drop("classes", "other", 0.03, 0.02)])
    assert [one.chosen for one in left] == [True, False]


def test_trying_keeps_what_costs_little_and_says_why(
    float32: Models, clips, bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ("flow contraction", "flow stem", "landmark regression")
    kept = tuple(group for group in GROUPS if group.name in wanted)
    monkeypatch.setattr("export.precision.sensitivity.GROUPS", kept)
    first = clips.part(slice(0, 2))
    reference = replace(
        bench.reference,
        logits=bench.reference.logits[:2],
        flow=bench.reference.flow[:2],
        landmarks=bench.reference.landmarks[:2],
    )
    calibration = Calibration(float32, first.normalised(bench.constants))
    trial = Trial(
        calibration, float32, first, bench.constants, reference, OPENVINO, "openvino",
        Limits(1.0, 0.2, 0.2), least_won=2.0,
    )  # fmt: skip
    found = {one.group: one for one in try_groups(trial)}
    assert set(found) == set(wanted)
    contraction = found["flow contraction"]
    assert contraction.chosen
    assert contraction.layers == 6
    assert "alone it takes" in contraction.reason
    # Nothing can win twice the time of a frame, so what is sensitive stays.
    assert not found["landmark regression"].chosen
    assert "too little for its risk" in found["landmark regression"].reason
    assert found["landmark regression"].to_json()["figures"]["clips"] == 2


def test_what_gives_pixels_is_in_eight_bits_only_where_its_results_are_not(
    float32: Models, clips, bench
) -> None:
    calibration = Calibration(float32, clips.part(slice(0, 1)).normalised(bench.constants))
    forms = flavoured(calibration, ["flow encoder", "flow regression, fine"], FLAVOURS)
    encoder = len(layers_of(float32["encoder"], ["flow encoder"]))
    regression = len(layers_of(float32["flow"], ["flow regression, fine"]))
    assert encoder >= 2
    assert regression == 2
    assert {name: form.layers for name, form in forms.items()} == {
        "onnx": encoder,
        "openvino": encoder + regression,
        "tensorrt": encoder + regression,
        "aarch64": encoder,
    }

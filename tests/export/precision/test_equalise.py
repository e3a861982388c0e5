"""Ranges of joined tensors: what features and motion get of them."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from export.builder import GraphBuilder
from export.precision.build import Calibrated, quantized
from export.precision.equalise import MOTION, equalise, motions
from export.precision.graph import Graph
from export.precision.plan import plan
from export.precision.quantize import AARCH64, X86
from export.precision.ranges import HEADROOM, Histogram, collect

MEMBERS = {"maps": 16, "features": 16, "flow": 2}
SIDE = 128


def joined_model(rng: np.random.Generator) -> onnx.ModelProto:
    """One convolution of maps after an activation, features of either sign, and flow."""
    g = GraphBuilder("m")
    members = [g.input(name, width, SIDE, SIDE) for name, width in MEMBERS.items()]
    joined = g.node("Concat", members, "joined", axis=1)
    y = g.conv(joined, "c", rng.normal(size=(4, sum(MEMBERS.values()), 3, 3)), pad=1)
    g.output(y, "y", 4, SIDE, SIDE)
    return g.model()


def values(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Features reach five times as far once as they do elsewhere, and so does flow."""
    found = {
        name: rng.normal(size=(1, width, SIDE, SIDE)).astype(np.float32)
        for name, width in MEMBERS.items()
    }
    found["maps"] = np.abs(found["maps"])
    found["features"][0, 3, 4, 4] = -20
    found["flow"] = found["flow"].clip(-4, 4) * 0.01
    found["flow"][0, :, 2, 2] = -0.15, 0.2
    return found


def made_even(rng: np.random.Generator) -> tuple[dict[str, Histogram], dict[str, Histogram]]:
    """What members take before they are brought to one range, and after."""
    model, given = joined_model(rng), values(rng)
    made = plan(Graph(model), ["c"])
    before = collect(model, sorted(made.leader), [given], 1)
    even = equalise(model, made, before)
    join = next(node for node in even.graph.node if node.op_type == "Concat")
    after = collect(even, list(join.input), [given], 1)
    return before, dict(zip(MEMBERS, (after[name] for name in join.input), strict=True))


def histogram(channels: int, low: float, high: float) -> Histogram:
    made = Histogram()
    made.add(np.resize(np.float32([low, high]), (1, channels, 1, 2)))
    return made


def test_what_has_both_signs_and_few_channels_is_motion() -> None:
    found = {"maps": histogram(16, -0.4, 4), "features": histogram(16, -3, 3)}
    assert motions({**found, "flow": histogram(2, -2, 3)}) == {"flow"}
    assert motions({**found, "flow": histogram(40, -2, 3)}) == frozenset()
    assert motions({**found, "flow": histogram(2, -1, 3)}) == frozenset()


def test_features_get_steps_for_what_is_usual_and_motion_for_all_that_came(
    rng: np.random.Generator,
) -> None:
    before, after = made_even(rng)
    high = before["maps"].high
    assert after["maps"].high == pytest.approx(high)
    limit = before["features"].best(signed=True).largest
    assert limit < 10 < 20 == -before["features"].low
    assert -after["features"].low == pytest.approx(20 * high / limit, rel=1e-3)
    assert after["flow"].high == pytest.approx(MOTION * high, rel=1e-3)


@pytest.mark.parametrize("flavour", [X86, AARCH64], ids=lambda f: f.form)
def test_a_joined_scale_leaves_motion_room_and_cuts_rare_features_off(
    rng: np.random.Generator, flavour: object
) -> None:
    model, given = joined_model(rng), values(rng)
    first = plan(Graph(model), ["c"])
    even = equalise(model, first, collect(model, sorted(first.leader), [given], 1))
    made = plan(Graph(even), ["c"])
    found = collect(even, sorted({*made.leader, *made.results}), [given], 1)
    calibrated = Calibrated({"m": even}, {"m": made}, {"m": found}, ())
    constants = Graph(quantized(calibrated, flavour)["m"]).constants
    scale, zero = (constants[f"joined:0/{part}"].item() for part in ("scale", "zero"))
    high = found["maps"].high
    largest = 127 if flavour is AARCH64 else 255 - zero
    reach = largest * scale
    # As far as maps go, and not several times as far.
    assert 0.8 * high < reach < 1.3 * high
    assert reach > HEADROOM * MOTION * high

"""One file of weights for several graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from export.graphs import GRAPHS
from export.intermediate import to_openvino
from export.store import ALIGNMENT, WeightStore
from training.model import Mol, MolConfig


def test_equal_contents_are_stored_once(tmp_path: Path) -> None:
    with WeightStore(tmp_path / "weights.bin") as store:
        places = [store.place(content) for content in (b"a" * 100, b"b" * 10, b"a" * 100)]
    assert places == [0, 2 * ALIGNMENT, 0]
    content = (tmp_path / "weights.bin").read_bytes()
    assert content == b"a" * 100 + bytes(28) + b"b" * 10


def test_graphs_and_their_ir_share_one_copy(tmp_path: Path) -> None:
    model = Mol(MolConfig.lite()).eval()
    with WeightStore(tmp_path / "weights.bin") as store:
        clip = GRAPHS["clip"](model, False)
        wanted = {t.name: numpy_helper.to_array(t) for t in clip.graph.initializer}
        xml, weights = to_openvino(clip)
        store.externalise(clip)
        alone = store._file.tell()
        store.externalise_ir(xml, weights)
        store.externalise(GRAPHS["flow"](model, False))
        assert store._file.tell() < 1.02 * alone
    (tmp_path / "clip.onnx").write_bytes(clip.SerializeToString())
    for tensor in onnx.load(tmp_path / "clip.onnx").graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), wanted[tensor.name])

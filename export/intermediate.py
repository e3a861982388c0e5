"""ONNX to OpenVINO's intermediate representation."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onnx
import openvino

from mol_edge.backends.openvino_core import the_core


def to_openvino(model: onnx.ModelProto) -> tuple[bytes, bytes]:
    """XML and weights of an ONNX model that holds its constants, in float32."""
    converted = the_core().read_model(model.SerializeToString())
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "graph.xml"
        openvino.save_model(converted, xml, compress_to_fp16=False)
        return xml.read_bytes(), xml.with_suffix(".bin").read_bytes()

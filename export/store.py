"""One file of weights that all graphs of a precision share, each content stored once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

import onnx
from onnx import TensorProto

ALIGNMENT = 64  # bytes; what runtimes ask of constants they use in place
EXTERNAL_FROM = 1024  # smaller tensors stay inside their graph


class WeightStore:
    """Writes tensors to a file and says where; equal contents get one place.

    Example:
        >>> import tempfile
        >>> with WeightStore(Path(tempfile.mkdtemp()) / "weights.bin") as store:
        ...     store.place(b"abcd"), store.place(b"efgh"), store.place(b"abcd")
        (0, 64, 0)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO = path.open("wb")
        self._places: dict[bytes, int] = {}

    def __enter__(self) -> WeightStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def place(self, content: bytes) -> int:
        """Offset of `content` in the file, written unless it is there already."""
        key = hashlib.sha256(content).digest()
        if key not in self._places:
            offset = -(-self._file.tell() // ALIGNMENT) * ALIGNMENT
            self._file.write(bytes(offset - self._file.tell()) + content)
            self._places[key] = offset
        return self._places[key]

    def externalise(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """Move the large tensors of an ONNX model into the store; changes and returns it."""
        for tensor in model.graph.initializer:
            content = tensor.raw_data
            if len(content) < EXTERNAL_FROM:
                continue
            entries = {
                "location": self.path.name,
                "offset": str(self.place(content)),
                "length": str(len(content)),
            }
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in entries.items():
                tensor.external_data.add(key=key, value=value)
        return model

    def externalise_ir(self, xml: bytes, weights: bytes) -> bytes:
        """Point the constants of an OpenVINO IR into the store and return its new XML."""
        root = ElementTree.fromstring(xml)
        for data in root.iterfind("./layers/layer[@type='Const']/data"):
            start, size = int(data.attrib["offset"]), int(data.attrib["size"])
            data.attrib["offset"] = str(self.place(weights[start : start + size]))
        return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)

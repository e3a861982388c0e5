"""Reads and rewrites ONNX files with nothing but the standard library.

An ONNX file is a protobuf `ModelProto`. Its large tensors may lie in a second file, and a runtime
that is given a path follows whatever path the model names. So a bundle's models are handed over as
bytes, and its external tensors may lie in the one weights file that the manifest allows, nowhere
else. Only initializers of the main graph may do so: runtimes look for others on the disk.

Field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mol_edge.errors import BundleError

VARINT, _FIXED64, BYTES, _FIXED32 = 0, 1, 2, 5
_DEPTH_LIMIT = 64
# ModelProto, GraphProto, TensorProto.
_INITIALIZER_DEPTH = 2

_CHILDREN = {
    "ModelProto": {7: "GraphProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
}
"""Where tensors can be. What is not named here is copied as it is."""

_REFUSED = {"ModelProto": {20: "training graphs", 25: "functions"}}

_RAW_DATA, _EXTERNAL_DATA, _DATA_LOCATION = 9, 13, 14

_MOST_FIELDS = 100_000
"""Of a file; an exported graph has some thousands."""

_MOST_SHARING = 4
"""How many times the weights may be taken: equal tensors are stored once, and a clip's graph has
the encoder twice."""

Resolve = Callable[[str, int, int], memoryview]


def inline(model: bytes, weights: bytes | None, location: str = "weights.bin") -> bytes:
    """The model with every external tensor put inside.

    Args:
        model: a serialised `ModelProto`.
        weights: content of the file that holds its external tensors, or None: it may have none.
        location: the only name by which the model may call that file.

    Returns:
        A serialised `ModelProto` that refers to no other file.

    Raises:
        BundleError: the model is damaged, names another file or a place outside the weights.

    Example:
        >>> inline(b"", None)
        b''
    """
    content = memoryview(weights or b"")
    left = _MOST_SHARING * len(content)

    def resolve(name: str, offset: int, length: int) -> memoryview:
        nonlocal left
        _check_location(name, None if weights is None else location)
        if offset + length > len(content):
            raise BundleError(
                f"An ONNX file takes {length} bytes at {offset} of {name}, which has "
                f"{len(content)} bytes: export the bundle again."
            )
        left -= length
        if left < 0:
            raise BundleError(
                f"The tensors of an ONNX file must not take the same bytes of {name} again and "
                f"again, and together they take more than {_MOST_SHARING} times its "
                f"{len(content)}: export the bundle again."
            )
        return content[offset : offset + length]

    return b"".join(_Rewriter(resolve).rewrite("ModelProto", memoryview(model), 0))


def check_external(model: bytes, location: str | None) -> None:
    """Refuse a model that is damaged or keeps tensors in another file than `location`.

    Raises:
        BundleError: it does; with `location` None, it keeps tensors in any file.
    """

    def resolve(name: str, offset: int, length: int) -> memoryview:
        _check_location(name, location)
        return memoryview(b"")

    _Rewriter(resolve).rewrite("ModelProto", memoryview(model), 0)


def _check_location(name: str, allowed: str | None) -> None:
    if name != allowed:
        wanted = "no external file" if allowed is None else repr(allowed)
        raise BundleError(
            f"An ONNX file keeps tensors in {name!r} where the manifest allows {wanted}: "
            "export the bundle again or fetch it anew."
        )


Chunks = list["bytes | memoryview"]


class _Rewriter:
    """Walks through one file and resolves its external tensors."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._fields_left = _MOST_FIELDS

    def _fields(self, message: memoryview) -> Iterator[tuple[int, int, memoryview, memoryview]]:
        for field in fields(message):
            self._fields_left -= 1
            if self._fields_left < 0:
                raise BundleError(
                    f"An ONNX file must have at most {_MOST_FIELDS} fields and has more: export "
                    "the bundle again."
                )
            yield field

    def rewrite(self, kind: str, message: memoryview, depth: int) -> Chunks:
        """The message in pieces, external tensors resolved; the message itself if it has none."""
        if depth > _DEPTH_LIMIT:
            raise BundleError(f"An ONNX file nests deeper than {_DEPTH_LIMIT}: export it again.")
        if kind == "TensorProto":
            return self._tensor(message, is_initializer=depth == _INITIALIZER_DEPTH)
        children, refused = _CHILDREN[kind], _REFUSED.get(kind, {})
        pieces: Chunks = []
        changed = False
        for number, wire, whole, content in self._fields(message):
            if number in refused:
                raise BundleError(
                    f"An ONNX file holds {refused[number]}, which a bundle must not: export it "
                    "again."
                )
            if number not in children:
                pieces.append(whole)
                continue
            if wire != BYTES:
                raise damaged()
            below = self.rewrite(children[number], content, depth + 1)
            if len(below) == 1 and below[0] is content:
                pieces.append(whole)
                continue
            changed = True
            pieces.append(_header(number, sum(len(piece) for piece in below)))
            pieces.extend(below)
        return pieces if changed else [message]

    def _tensor(self, message: memoryview, is_initializer: bool) -> Chunks:
        kept: Chunks = []
        entries: dict[str, str] = {}
        external = False
        for number, wire, whole, content in self._fields(message):
            if number == _EXTERNAL_DATA and wire == BYTES:
                external = True
                key, value = self._entry(content)
                entries[key] = value
            elif number == _DATA_LOCATION and wire == VARINT:
                external = external or varint(content, 0)[0] != 0
            elif number != _RAW_DATA:
                kept.append(whole)
        if not external:
            return [message]
        if not is_initializer:
            raise BundleError(
                "An ONNX file keeps a tensor of an attribute or a sparse one in another file "
                f"({entries.get('location', 'unnamed')}), which only initializers of its main "
                "graph may do: export the bundle again."
            )
        try:
            name, offset = entries["location"], int(entries.get("offset", "0"))
            length = int(entries["length"])
        except (KeyError, ValueError):
            offset = length = -1
        if offset < 0 or length < 0:
            raise BundleError(
                "An external tensor of an ONNX file must state location, offset and length, got "
                f"{entries}: export the bundle again."
            )
        content = self._resolve(name, offset, length)
        return [*kept, _header(_RAW_DATA, len(content)), content]

    def _entry(self, message: memoryview) -> tuple[str, str]:
        texts = {1: "", 2: ""}
        for number, wire, _, content in self._fields(message):
            if number in texts and wire == BYTES:
                texts[number] = bytes(content).decode("utf-8", "replace")
        return texts[1], texts[2]


def fields(message: memoryview) -> Iterator[tuple[int, int, memoryview, memoryview]]:
    """Number, wire type, whole field and content of each field of a message."""
    at = 0
    while at < len(message):
        key, start = varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            end = varint(message, start)[1]
        elif wire == BYTES:
            length, start = varint(message, start)
            end = start + length
        elif wire in (_FIXED64, _FIXED32):
            end = start + (8 if wire == _FIXED64 else 4)
        else:
            raise damaged()
        if end > len(message) or number == 0:
            raise damaged()
        yield number, wire, message[at:end], message[start:end]
        at = end


def varint(message: memoryview, at: int) -> tuple[int, int]:
    """A base-128 number and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise damaged()


def _header(number: int, length: int) -> bytes:
    return _encode(number << 3 | BYTES) + _encode(length)


def _encode(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def damaged() -> BundleError:
    return BundleError(
        "An ONNX file must be a whole protobuf message and is not: fetch the bundle anew."
    )

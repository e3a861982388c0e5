"""How fast this machine multiplies matrices in float32: what a network's time is held against.

Measured by NumPy and by the runtime itself, since a system's NumPy may come with a slow library.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.openvino_core import the_core
from mol_edge.errors import DeviceError

SIDE = 2048
_REPEATS = 3
_FLOAT = 1


def product_flop(side: int) -> int:
    """Floating-point operations of the product of two square matrices."""
    return 2 * side**3


def matrix(side: int) -> NDArray[np.float32]:
    """A matrix of seeded noise whose powers neither vanish nor overflow."""
    noise = np.random.default_rng(0).standard_normal((side, side))
    scaled: NDArray[np.float32] = (noise / np.sqrt(side)).astype(np.float32)
    return scaled


def numpy_product(side: int) -> Callable[[], object]:
    """A product of two matrices by NumPy, as a task."""
    a = matrix(side)
    out = np.empty_like(a)
    return lambda: np.matmul(a, a, out=out)


def runtime_product(device: str, threads: int, side: int) -> Callable[[], object]:
    """A product of two matrices on the CPU by a runtime's own MatMul, as a task.

    Raises:
        DeviceError: the device is no CPU, or the runtime cannot do it.
    """
    runtime, _, target = device.partition(":")
    if target.lower() != "cpu":
        raise DeviceError(f"{device} must be a CPU to be held against matrix products of one.")
    model, a = matmul_model(side), matrix(side)
    try:
        if runtime == "onnxruntime":
            return _onnxruntime(model, threads, a)
        return _openvino(model, threads, a)
    except Exception as error:
        raise DeviceError(f"{device} cannot multiply matrices by itself ({error}).") from error


def fastest(task: Callable[[], object], side: int, repeats: int = _REPEATS) -> float:
    """GFLOP per second of the fastest of several products, after one that is not timed."""
    task()
    best = float("inf")
    for _ in range(repeats):
        begin = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - begin)
    return product_flop(side) / best / 1e9


def _onnxruntime(model: bytes, threads: int, a: NDArray[np.float32]) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model, sess_options=options, providers=["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"x": a})


def _openvino(model: bytes, threads: int, a: NDArray[np.float32]) -> Callable[[], object]:
    import openvino

    core = the_core()
    properties: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
    }
    request = core.compile_model(core.read_model(model, b""), "CPU", properties)
    infer = request.create_infer_request()
    infer.set_tensor("x", openvino.Tensor(a, shared_memory=True))
    return lambda: infer.infer()


def matmul_model(side: int) -> bytes:
    """An ONNX file, written by hand, that multiplies its input `x` [side, side] with itself.

    Field numbers are those of onnx.proto.
    """
    node = _text(1, "x") + _text(1, "x") + _text(2, "y") + _text(4, "MatMul")
    dims = b"".join(_message(1, _number(1, side)) for _ in range(2))
    kind = _message(1, _number(1, _FLOAT) + _message(2, dims))
    graph = _message(1, node) + _text(2, "product")
    for field, name in ((11, "x"), (12, "y")):
        graph += _message(field, _text(1, name) + _message(2, kind))
    opset = _text(1, "") + _number(2, 17)
    return _number(1, 8) + _message(7, graph) + _message(8, opset)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())

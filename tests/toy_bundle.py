"""A bundle of tiny real graphs with the names and shapes of MOL's, and NumPy for what they give.

They are means of blocks times seeded constants: quick to run, and every input moves the outputs.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mol_edge.bundle import measure, write_manifest
from mol_edge.graph_info import GraphInfo, TensorInfo
from mol_edge.manifest import Alignment, Manifest, ModelInfo, Normalisation

LABELS = ("happiness", "disgust", "surprise", "repression", "others")
MEAN, SCALE = 120.0, 60.0

_FRAMES = ("N", 1, 128, 128)
_MAP = ("N", 128, 16, 16)
_PARTS = (6, 32, 8, 8)
SHAPES = {
    "features": (
        {"frames": _FRAMES},
        {"first": _MAP, "second": _MAP, "parts": ("N", *_PARTS), "landmarks": ("N", 136)},
    ),
    "encoder": ({"frames": _FRAMES}, {"enc2": ("N", 128, 32, 32), "enc3": ("N", 256, 16, 16)}),
    "flow": (
        {
            "frames": _FRAMES,
            "enc2": ("N", 128, 32, 32),
            "enc3": ("N", 256, 16, 16),
            "enc3_next": ("N", 256, 16, 16),
            "first": _MAP,
            "second_next": _MAP,
        },
        {"flow": ("N", 2, 128, 128)},
    ),
    "head": ({"parts": ("N", 8, *_PARTS)}, {"logits": ("N", len(LABELS))}),
}


def constants() -> dict[str, np.ndarray]:
    """Every constant of the graphs, by name."""
    random = np.random.default_rng(7)

    def draw(*shape: int) -> np.ndarray:
        return random.uniform(0.5, 1.5, shape).astype(np.float32)

    return {
        "first_scale": draw(1, 128, 1, 1),
        "second_scale": draw(1, 128, 1, 1),
        "landmark_scale": draw(1, 136),
        "landmark_base": draw(136) * 64,
        "enc2_scale": draw(1, 128, 1, 1),
        "enc3_scale": draw(1, 256, 1, 1),
        "part_scale": draw(6, 32, 1, 1) - 1,
        "set_axis": np.array([1], np.int64),
        "head_weight": (draw(8 * 6 * 32, len(LABELS)) - 1) / 10,
    }


def features(frames: np.ndarray) -> dict[str, np.ndarray]:
    c = constants()
    pooled = frames.reshape(-1, 1, 16, 8, 16, 8).mean(axis=(3, 5))
    mean = frames.mean(axis=(2, 3))
    return {
        "first": pooled * c["first_scale"],
        "second": pooled * c["second_scale"],
        "parts": frames.reshape(-1, 1, 1, 8, 16, 8, 16).mean(axis=(4, 6)) * c["part_scale"],
        "landmarks": mean * c["landmark_scale"] + c["landmark_base"],
    }


def encoder(frames: np.ndarray) -> dict[str, np.ndarray]:
    c = constants()
    return {
        "enc2": frames.reshape(-1, 1, 32, 4, 32, 4).mean(axis=(3, 5)) * c["enc2_scale"],
        "enc3": frames.reshape(-1, 1, 16, 8, 16, 8).mean(axis=(3, 5)) * c["enc3_scale"],
    }


def flow(frames: np.ndarray, following: np.ndarray) -> np.ndarray:
    """Flow of the pairs (frames[i], following[i]), [N, 2, 128, 128]."""
    here, there = encoder(frames), encoder(following)
    axes = {"axis": (1, 2, 3), "keepdims": True}
    x = frames + (there["enc3"] - here["enc3"]).mean(**axes)
    second, first = features(following)["second"], features(frames)["first"]
    y = frames * 0.5 + (second - first).mean(**axes) + here["enc2"].mean(**axes)
    return np.concatenate([x, y], axis=1)


def logits(samples: np.ndarray) -> np.ndarray:
    """Logits of one window, [classes], from its 8 crops [8, 1, 128, 128]."""
    means = features(samples)["parts"].mean(axis=(3, 4))
    return means.reshape(-1) @ constants()["head_weight"]


def landmarks(crops: np.ndarray) -> np.ndarray:
    """Landmarks in crop pixels, [N, 68, 2]."""
    return features(crops)["landmarks"].reshape(-1, 68, 2)


def _nodes(graph: str) -> list[onnx.NodeProto]:
    node = helper.make_node

    def pool(size: int, out: str) -> onnx.NodeProto:
        side = [size, size]
        return node("AveragePool", ["frames"], [out], kernel_shape=side, strides=side)

    def mean(tensor: str, out: str) -> onnx.NodeProto:
        return node("ReduceMean", [tensor], [out], axes=[1, 2, 3], keepdims=1)

    if graph == "features":
        return [
            pool(8, "pooled"),
            node("Mul", ["pooled", "first_scale"], ["first"]),
            node("Mul", ["pooled", "second_scale"], ["second"]),
            pool(16, "coarse"),
            node("Unsqueeze", ["coarse", "set_axis"], ["sets"]),
            node("Mul", ["sets", "part_scale"], ["parts"]),
            node("ReduceMean", ["frames"], ["mean"], axes=[2, 3], keepdims=0),
            node("Mul", ["mean", "landmark_scale"], ["scaled"]),
            node("Add", ["scaled", "landmark_base"], ["landmarks"]),
        ]
    if graph == "encoder":
        return [
            pool(4, "pooled2"),
            node("Mul", ["pooled2", "enc2_scale"], ["enc2"]),
            pool(8, "pooled3"),
            node("Mul", ["pooled3", "enc3_scale"], ["enc3"]),
        ]
    if graph == "flow":
        return [
            node("Sub", ["enc3_next", "enc3"], ["enc3_change"]),
            mean("enc3_change", "shift"),
            node("Add", ["frames", "shift"], ["x"]),
            node("Sub", ["second_next", "first"], ["change"]),
            mean("change", "change_mean"),
            mean("enc2", "enc2_mean"),
            node("Add", ["frames", "frames"], ["doubled"]),
            node("Constant", [], ["quarter"], value_float=0.25),
            node("Mul", ["doubled", "quarter"], ["half"]),
            node("Add", ["half", "change_mean"], ["partial"]),
            node("Add", ["partial", "enc2_mean"], ["y"]),
            node("Concat", ["x", "y"], ["flow"], axis=1),
        ]
    return [
        node("ReduceMean", ["parts"], ["means"], axes=[4, 5], keepdims=0),
        node("Flatten", ["means"], ["flat"], axis=1),
        node("MatMul", ["flat", "head_weight"], ["logits"]),
    ]


def _values(shapes: dict[str, tuple]) -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]


def make_model(graph: str, weights: bytearray | None) -> onnx.ModelProto:
    """One graph; its larger constants are appended to `weights` where given."""
    nodes = _nodes(graph)
    used = {name for item in nodes for name in item.input}
    tensors = []
    for name, value in constants().items():
        if name not in used:
            continue
        tensor = numpy_helper.from_array(value, name)
        if weights is not None and value.nbytes >= 128:
            offset = len(weights)
            weights += value.tobytes()
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
            entries = {"location": "weights.bin", "offset": offset, "length": value.nbytes}
            for key, entry in entries.items():
                tensor.external_data.add(key=key, value=str(entry))
        tensors.append(tensor)
    inputs, outputs = SHAPES[graph]
    body = helper.make_graph(nodes, graph, _values(inputs), _values(outputs), tensors)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(body, opset_imports=opset, ir_version=9)


def _infos(shapes: dict[str, tuple]) -> dict[str, TensorInfo]:
    return {name: TensorInfo("float32", shape) for name, shape in shapes.items()}


def write_bundle(
    folder: Path,
    mode: str = "per_frame",
    external: bool = True,
    window_ms: float = 350.0,
    scale: float = SCALE,
) -> Manifest:
    """Write the bundle into `folder` and return its manifest."""
    (folder / "fp32").mkdir(parents=True)
    weights = bytearray() if external else None
    graphs = {}
    for graph, (inputs, outputs) in SHAPES.items():
        path = f"fp32/{graph}.onnx"
        (folder / path).write_bytes(make_model(graph, weights).SerializeToString())
        kept = "fp32/weights.bin" if external else None
        graphs[graph] = GraphInfo(path, kept, _infos(inputs), _infos(outputs))
    if weights is not None:
        (folder / "fp32/weights.bin").write_bytes(weights)
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    manifest = Manifest(
        name="toy",
        trained=False,
        labels=LABELS,
        model=ModelInfo(classes=len(LABELS)),
        normalisation=Normalisation(MEAN, scale),
        window_ms=window_ms,
        alignment=Alignment(mode),
        files={name: measure(folder / name) for name in names},
        graphs={"fp32": {"onnx": graphs}},
    )
    write_manifest(folder, manifest)
    return manifest

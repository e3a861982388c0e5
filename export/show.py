"""A bundle as text."""

from __future__ import annotations

from mol_edge.bundle import Bundle
from mol_edge.graph_info import TensorInfo


def describe(bundle: Bundle) -> str:
    """What a bundle is, what its graphs take and give, and how it was verified."""
    m = bundle.manifest
    size = sum(info.bytes for info in m.files.values())
    lines = [
        f"{m.name} ({'trained' if m.trained else 'NOT trained: its outputs mean nothing'})",
        f"  classes        {', '.join(m.labels)}",
        f"  network        k = {m.model.neighbours} nearest {m.model.graph}, flow width "
        f"{m.model.flow_width:g}, landmark head "
        f"{m.model.landmark_channels}/{m.model.landmark_hidden}",
        f"  normalisation  (luma - {m.normalisation.mean:g}) / {m.normalisation.scale:g}",
        f"  window         {m.window_ms:g} ms, alignment {m.alignment.mode}",
        f"  size           {size / 1e6:.1f} MB in {len(m.files)} files",
    ]
    lines += [f"  {key:<14} {value}" for key, value in sorted(m.provenance.items())]
    for precision, forms in m.graphs.items():
        for form, graphs in forms.items():
            lines.append(f"{precision}, {form}")
            for name, graph in graphs.items():
                takes = ", ".join(_tensor(n, t) for n, t in graph.inputs.items())
                gives = ", ".join(_tensor(n, t) for n, t in graph.outputs.items())
                lines.append(f"  {name:<9} {takes} -> {gives}")
    return "\n".join(lines + _verification(bundle))


def _tensor(name: str, info: TensorInfo) -> str:
    shape = "x".join(str(size) for size in info.shape)
    return f"{name}[{shape}]" if info.type == "float32" else f"{name}[{shape}] {info.type}"


def _verification(bundle: Bundle) -> list[str]:
    report = bundle.manifest.verification
    if not report:
        return ["not verified"]
    lines = [
        f"verified against PyTorch: {'passed' if report.get('passed') else 'FAILED'}, "
        f"tolerance {report.get('tolerance')}"
    ]
    for entry in report.get("differences", ()):
        lines.append(
            f"  {entry['device']:<18} {entry['mode']:<7} {entry['output']:<10} {entry['largest']}"
        )
    without = report.get("left_out", {})
    return [*lines, *(f"  {device} was left out: {why}" for device, why in without.items())]

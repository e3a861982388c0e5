"""A report as Markdown: the times, the accuracy beside them, what the machine was like."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import (
    Row,
    accuracy_cells,
    cautions,
    figure,
    gaps,
    machine_line,
    measured_rows,
    ms,
)

_HEAD = (
    "what", "median ms", "p90", "p95", "p99", "max", "per second", "CPU cores", "of SGEMM",
    "power", "same class", "landmarks NME", "flow EPE",
)  # fmt: skip


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def to_markdown(report: Report) -> str:
    """The report as a Markdown document."""
    content = report.content
    bundle, settings = content["bundle"], content["settings"]
    lines = [
        f"# {bundle['name']} on {machine_line(report)}",
        "",
        f"{content['created'][:10]}, mol-edge {content['machine']['versions']['mol-edge']}, bundle "
        f"{bundle['sha256'][:12]}; {_processes(settings['rounds'])} each, profile "
        f"{settings['profile']}; SGEMM {figure(content['sgemm_gflops'], ' GFLOP/s')}.",
        *[f"\n**{text}**" for text in cautions(report)],
    ]
    rows = measured_rows(report)
    for name in dict.fromkeys(row.name for row in rows):
        mine = [row for row in rows if row.name == name]
        lines += ["", f"## {name}", "", *_table(_HEAD, [_cells(row) for row in mine])]
        lines += ["", _cold(mine[0])]
    missing = list(gaps(report))
    if missing:
        lines += ["", "## Not measured", "", *[f"- {text}" for text in missing]]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    latency, result = row.result["latency_ms"], row.result
    fraction = result["sgemm_fraction"]
    return [
        row.what,
        *[
            ms(latency[name])
            for name in ("median", "percentile_90", "percentile_95", "percentile_99", "max")
        ],
        figure(result["throughput_qps"]),
        figure(result["cpu_cores"], digits=2),
        "–" if fraction is None else f"{100 * fraction:.0f}%",
        figure(result["power_w"], " W"),
        *accuracy_cells(row.configuration["accuracy"]),
    ]


def _cold(row: Row) -> str:
    cold, memory = row.configuration["cold"], row.configuration["memory"]
    steps = {name: median(values) for name, values in cold.items() if values}
    return (
        f"Cold: bundle checked in {ms(steps['bundle_ms'])} ms, "
        f"opened in {ms(steps['load_ms'])} ms, "
        f"first inference {ms(steps['first_inference_ms'])} ms, second "
        f"{ms(steps['second_inference_ms'])} ms (medians of {_processes(len(cold['load_ms']))}). "
        f"Memory: {figure(memory['rss_loaded_mb'], ' MB', 4)} loaded, "
        f"{figure(memory['peak_rss_mb'], ' MB', 4)} at most. "
        f"Threads: {row.configuration['threads']}."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]

"""A report as one HTML page that needs nothing but itself: the device card."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from statistics import median
from typing import Any

from mol_edge.benchmark.card_style import CARD_STYLE
from mol_edge.benchmark.modes import MEANING
from mol_edge.benchmark.plots import COLOURS, process_plot, quantile_plot, range_plot
from mol_edge.benchmark.probe import UNAVAILABLE
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import (
    MODE_NAMES,
    Row,
    accuracy_cells,
    cautions,
    figure,
    gaps,
    machine_line,
    measured_rows,
    ms,
)

_TIMES = (
    "what", "median ms", "p90 ms", "p95 ms", "p99 ms", "max ms", "per second", "CPU cores",
    "missed", "of SGEMM", "power", "same class", "NME", "flow EPE",
)  # fmt: skip
_COLD = (
    "configuration", "bundle checked ms", "opened ms", "first inference ms", "second ms",
    "loaded MB", "peak MB", "same class", "NME", "flow EPE", "largest logit error",
)  # fmt: skip


def to_html(report: Report) -> str:
    """The report as an HTML document, styles and plots inside."""
    content = report.content
    rows = measured_rows(report)
    names = list(dict.fromkeys(row.name for row in rows))
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}
    title = f"{content['bundle']['name']}: device card"
    body = [
        _header(report),
        *[f'<p class="caution">{escape(text)}</p>' for text in cautions(report)],
        _tiles(rows),
        "<h2>Latency</h2>",
        _key(colours),
        _plots(rows, colours),
        "<h2>Times, with the accuracy beside them</h2>",
        *[_times(name, [row for row in rows if row.name == name]) for name in names],
        "<h2>Cold start, memory and accuracy</h2>",
        _cold(report),
        *_missing(report),
        "<h2>Machine</h2>",
        _facts(_machine_facts(report)),
        "<h2>How it was measured</h2>",
        _facts(_method_facts(report)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{CARD_STYLE}</style></head>\n"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _header(report: Report) -> str:
    content = report.content
    bundle = content["bundle"]
    quiet = (
        f"{content['created'][:16].replace('T', ' ')} UTC, mol-edge "
        f"{content['machine']['versions']['mol-edge']}, bundle {bundle['sha256'][:12]}"
    )
    return (
        f"<header><h1>{escape(bundle['name'])}</h1><p>{escape(machine_line(report))}</p>"
        f'<p class="quiet">{escape(quiet)}</p></header>'
    )


def _tiles(rows: Sequence[Row]) -> str:
    """The best configuration of the modes that matter most."""
    tiles = []
    for mode in ("stream_flow", "stream", "clip", "pipeline"):
        mine = [r for r in rows if r.result["mode"] == mode and r.result["pace"] == "back_to_back"]
        if not mine:
            continue
        best = min(mine, key=lambda row: float(row.result["latency_ms"]["median"]))
        latency = best.result["latency_ms"]
        agreement, nme, epe = accuracy_cells(best.configuration["accuracy"])
        tiles.append(
            f'<div class="tile">{MODE_NAMES[best.result["mode"]]}'
            f"<b>{ms(latency['median'])} ms</b>"
            f'<span class="quiet">p90 {ms(latency["percentile_90"])} ms, {escape(best.name)}; '
            f"same class {agreement}, NME {nme}, EPE {epe}</span></div>"
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _key(colours: dict[str, str]) -> str:
    items = (
        f'<span><i style="background:{colour}"></i>{escape(name)}</span>'
        for name, colour in colours.items()
    )
    return f'<div class="key">{"".join(items)}</div>'


def _plots(rows: Sequence[Row], colours: dict[str, str]) -> str:
    figures = []
    for what in dict.fromkeys(row.what for row in rows):
        mine = [row for row in rows if row.what == what]
        caption = f"{MEANING[mine[0].result['mode']]}; bar: median, line: p90, tick: p99"
        figures.append(_figure(what, range_plot(mine, colours), caption))
    for mode in ("stream_flow", "stream"):
        mine = [row for row in rows if row.result["mode"] == mode]
        if mine:
            caption = "share of queries done within a time"
            if any(row.result["pace"] == "camera" for row in mine):
                caption += "; dashed: paced by a camera"
            name = f"Spread, {MODE_NAMES[mode]}"
            figures.append(_figure(name, quantile_plot(mine, colours), caption))
        steady = [row for row in mine if row.result["pace"] == "back_to_back"]
        if steady:
            caption = "median of each process, in the order of the run"
            name = f"Steadiness, {MODE_NAMES[mode]}"
            figures.append(_figure(name, process_plot(steady, colours), caption))
    return f'<div class="plots">{"".join(figures)}</div>'


def _figure(title: str, svg: str, caption: str) -> str:
    return (
        f"<figure><h3>{escape(title)}</h3>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _times(name: str, rows: Sequence[Row]) -> str:
    cells = []
    for row in rows:
        result, latency = row.result, row.result["latency_ms"]
        fraction = result["sgemm_fraction"]
        keys = ("median", "percentile_90", "percentile_95", "percentile_99", "max")
        cells.append(
            [
                row.what,
                *[ms(latency[key]) for key in keys],
                figure(result["throughput_qps"]),
                figure(result["cpu_cores"], digits=2),
                str(result["missed_frames"]) if result["pace"] == "camera" else "–",
                "–" if fraction is None else f"{100 * fraction:.0f}%",
                figure(result["power_w"], " W"),
                *accuracy_cells(row.configuration["accuracy"]),
            ]
        )
    return f"<h3>{escape(name)}</h3>{_table(_TIMES, cells)}"


def _cold(report: Report) -> str:
    cells = []
    for configuration in report.configurations:
        if configuration["status"] == "failed":
            continue
        memory, accuracy = configuration["memory"], configuration["accuracy"]
        cells.append(
            [
                f"{configuration['device']} {configuration['precision']}",
                *[ms(median(values)) for values in configuration["cold"].values()],
                figure(memory["rss_loaded_mb"], digits=4),
                figure(memory["peak_rss_mb"], digits=4),
                *accuracy_cells(accuracy),
                "not measured" if accuracy is None else f"{accuracy['logit_error']:.1g}",
            ]
        )
    return _table(_COLD, cells)


def _missing(report: Report) -> list[str]:
    items = "".join(f"<li>{escape(text)}</li>" for text in gaps(report))
    return [f"<h2>Not measured</h2><ul>{items}</ul>"] if items else []


def _machine_facts(report: Report) -> Iterable[tuple[str, Any]]:
    content = report.content
    machine, cpu = content["machine"], content["machine"]["cpu"]
    yield from ((name.replace("_", " "), value) for name, value in cpu.items())
    for name in ("memory_mb", "board", "gpus", "jetson"):
        yield name.replace("_", " "), machine[name]
    yield from machine["system"].items()
    yield "SGEMM GFLOP/s", content["sgemm_gflops"]
    yield "power", content["sensors"]["power_source"]
    for when in ("start", "end"):
        for name, value in content["sensors"][when].items():
            yield f"{name.replace('_', ' ')}, {when}", value
    yield "versions", machine["versions"]


def _method_facts(report: Report) -> Iterable[tuple[str, Any]]:
    settings = report.content["settings"]
    rule = settings["stop_rule"]
    yield "processes", f"{settings['rounds']} for each device and precision, in turn"
    yield "slices", f"{settings['slices']} of each measurement in each process, in turn"
    yield "warm-up", f"{rule['warm_up_ms']:g} ms and {rule['warm_up_queries']} queries, untimed"
    yield (
        "stop rule",
        f"in each process after {rule['min_duration_ms']:g} ms and {rule['min_query_count']} "
        f"queries, at the latest after {rule['max_duration_ms']:g} ms",
    )
    yield (
        "paced",
        f"a frame is due every {1e3 / settings['camera_fps']:.1f} ms; late ones are missed",
    )
    yield "threads, profile", f"{settings['threads'] or 'automatic'}, {settings['profile']}"
    video = settings["video"] or "a face of the check set in 1280 x 720, from memory"
    yield "pipeline's video", video
    yield "took", f"{report.content['duration_s']:.0f} s"
    yield "FLOPs", report.content["bundle"]["flop"]


def _facts(facts: Iterable[tuple[str, Any]]) -> str:
    rows = (
        f"<tr><td>{escape(name)}</td><td>{escape(_said(value))}</td></tr>" for name, value in facts
    )
    return f'<table class="facts">{"".join(rows)}</table>'


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(item)}" for name, item in value.items()) or UNAVAILABLE
    if isinstance(value, list):
        return "; ".join(map(_said, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{escape(name)}">{escape(cell)}</td>' for name, cell in zip(head, row)
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="wide"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'

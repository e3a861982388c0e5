"""Plots of a report as SVG text, drawn for the width of a phone and scaled up from there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from mol_edge.benchmark.rows import Row, ms

WIDTH = 340
_LEFT, _RIGHT = 8, 10
# Okabe and Ito's colours, which are told apart in every kind of colour blindness.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5c00", "#444444")


def range_plot(rows: Sequence[Row], colours: Mapping[str, str]) -> str:
    """One mode: a bar to the median of each configuration, a line on to p90, a tick at p99.

    Args:
        rows: results of one mode and pace.
        colours: by configuration.
    """
    most = max(row.result["latency_ms"]["percentile_99"] for row in rows)
    top = nice_ceiling(most)
    height = 34 * len(rows) + 24
    parts = _axis(top, height)
    for index, row in enumerate(rows):
        latency, y = row.result["latency_ms"], 34 * index
        colour = colours[row.name]
        at = {name: _x(latency[name], top) for name in ("median", "percentile_90", "percentile_99")}
        label = f"{row.name}: {ms(latency['median'])} ms"
        parts += [
            f'<text x="{_LEFT}" y="{y + 13}">{escape(label)}</text>',
            f'<rect x="{_LEFT}" y="{y + 18}" width="{at["median"] - _LEFT:.1f}" height="10" '
            f'fill="{colour}"/>',
            f'<path d="M{at["median"]:.1f} {y + 23}H{at["percentile_90"]:.1f}" stroke="{colour}" '
            'stroke-width="3"/>',
            f'<path d="M{at["percentile_99"]:.1f} {y + 17}v12" stroke="{colour}" '
            'stroke-width="1.5"/>',
        ]
    return _svg(parts, height, "latency by configuration")


def quantile_plot(rows: Sequence[Row], colours: Mapping[str, str]) -> str:
    """How latencies spread: the share of queries (up) that took at most so long (across)."""
    top = nice_ceiling(max(row.result["latency_ms"]["percentile_99"] for row in rows))
    height = 150
    parts = _axis(top, height)
    base, rise = height - 24, height - 34
    for share in (0.5, 0.9):
        y = base - rise * share
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" class="grid"/>')
        parts.append(f'<text x="{_LEFT}" y="{y - 3:.1f}">{share:.0%}</text>')
    for row in rows:
        points = row.result["quantiles_ms"]
        steps = [
            f"{_x(min(value, top), top):.1f},{base - rise * i / (len(points) - 1):.1f}"
            for i, value in enumerate(points)
        ]
        dash = ' stroke-dasharray="4 3"' if row.result["pace"] == "camera" else ""
        parts.append(
            f'<polyline points="{" ".join(steps)}" fill="none" stroke="{colours[row.name]}" '
            f'stroke-width="2"{dash}/>'
        )
    return _svg(parts, height, "distribution of latencies")


def process_plot(rows: Sequence[Row], colours: Mapping[str, str]) -> str:
    """The median of each process in the order of the run: how steady the machine was."""
    medians = {
        row.name: [block["latency_ms"]["median"] for block in row.result["blocks"]] for row in rows
    }
    top = nice_ceiling(1.05 * max(max(values) for values in medians.values()))
    height = 130
    base, rise = height - 22, height - 34
    parts = [f'<path d="M{_LEFT} {base}H{WIDTH - _RIGHT}" class="axis"/>']
    for part in (0.5, 1.0):
        y = base - rise * part
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" class="grid"/>')
        parts.append(f'<text x="{_LEFT}" y="{y - 3:.1f}">{ms(top * part)} ms</text>')
    longest = max(len(values) for values in medians.values())
    step = (WIDTH - _RIGHT - 60) / max(1, longest - 1)
    for name, values in medians.items():
        places = [(50 + step * i, base - rise * value / top) for i, value in enumerate(values)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colours[name]}"/>' for x, y in places
        ]
    parts += [
        f'<text x="{50 + step * i:.1f}" y="{height - 6}" text-anchor="middle">{i + 1}</text>'
        for i in range(longest)
    ]
    return _svg(parts, height, "median by process")


def nice_ceiling(value: float) -> float:
    """The next 1, 1.5, 2, 3, 5 or 7.5 times a power of ten.

    Example:
        >>> nice_ceiling(27.0), nice_ceiling(0.041)
        (30.0, 0.05)
    """
    power = 10.0 ** math.floor(math.log10(value))
    for step in (1, 1.5, 2, 3, 5, 7.5):
        if value <= step * power:
            return step * power
    return 10 * power


def _x(value: float, top: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * value / top


def _axis(top: float, height: float) -> list[str]:
    """Milliseconds across, from 0, with lines at thirds or halves."""
    base = height - 18
    parts = [f'<path d="M{_LEFT} {base}H{WIDTH - _RIGHT}" class="axis"/>']
    for part in (0.0, 0.5, 1.0):
        x = _x(top * part, top)
        anchor = "start" if part == 0 else "end" if part == 1 else "middle"
        text = "0" if part == 0 else f"{top * part:g}{' ms' if part == 1 else ''}"
        parts.append(f'<path d="M{x:.1f} 4V{base}" class="grid"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 5}" text-anchor="{anchor}">{text}</text>')
    return parts


def _svg(parts: Sequence[str], height: float, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )

"""A report's figures as text: what the Markdown table and the card both show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from mol_edge.benchmark.probe import UNAVAILABLE
from mol_edge.benchmark.report import Report

BUSY_CORES = 0.15
"""Cores in use by others from which on a slice counts as disturbed."""

Record = Mapping[str, Any]

MODE_NAMES: Mapping[str, str] = {
    "clip": "clip of 8 frames",
    "clip_fused": "clip, fused graph",
    "stream_flow": "new frame with flow",
    "stream": "new frame without flow",
    "preprocess": "before the network",
    "postprocess": "after the network",
    "pipeline": "whole pipeline, a frame",
}
PACE_NAMES: Mapping[str, str] = {"back_to_back": "back to back", "camera": "paced"}


@dataclass(frozen=True)
class Row:
    """One measured result with the configuration it belongs to.

    Attributes:
        configuration: device and precision.
        result: a mode at a pace.
    """

    configuration: Record
    result: Record

    @property
    def name(self) -> str:
        """The configuration's name."""
        return f"{self.configuration['device']} {self.configuration['precision']}"

    @property
    def what(self) -> str:
        """Mode and pace in words."""
        pace = PACE_NAMES[self.result["pace"]]
        return f"{MODE_NAMES[self.result['mode']]}, {pace}"

    @property
    def slices(self) -> list[Record]:
        """Those of all its processes."""
        return [part for block in self.result["blocks"] for part in block["slices"]]


def is_undisturbed(part: Record) -> bool:
    """Whether a slice had the machine to itself, as far as the system tells."""
    return part["other_cores"] == UNAVAILABLE or bool(part["other_cores"] <= BUSY_CORES)


def measured_rows(report: Report) -> list[Row]:
    """Every result that was measured."""
    return [
        Row(configuration, result)
        for configuration in report.configurations
        for result in configuration["results"]
        if result["status"] == "measured"
    ]


def gaps(report: Report) -> Iterator[str]:
    """What could not be measured, each with its reason."""
    for configuration in report.configurations:
        name = f"{configuration['device']} {configuration['precision']}"
        if configuration["status"] == "failed":
            yield f"{name}: {configuration['reason']}"
            continue
        for result in configuration["results"]:
            if result["status"] == UNAVAILABLE and result["pace"] == "back_to_back":
                yield f"{name}, {MODE_NAMES[result['mode']]}: {result['reason']}"


def cautions(report: Report) -> Iterator[str]:
    """What a reader must know before the figures are believed."""
    content = report.content
    if not content["bundle"]["trained"]:
        yield "The bundle is not trained: its times mean something, its accuracy nothing."
    elif not content["bundle"]["knows_classes"]:
        yield "The bundle's classes are guesses; its times, landmarks and flow are not."
    if not content["bundle"]["check_set"]:
        yield "The bundle has no check set: nothing tells whether these are times of right answers."
    busy = other_cores(report)
    if busy is not None and busy > BUSY_CORES:
        yield f"Others kept {busy:.1f} cores busy meanwhile: measure again on an idle machine."
    if content["settings"]["slow_down"] != 1:
        yield f"Every task was slowed on purpose, by {content['settings']['slow_down']:g}."
    if any(row.result["cut_short"] for row in measured_rows(report)):
        yield "Some tasks were too slow for the stop rule and have few queries."
    yield from _heat(content)


def _heat(content: Mapping[str, Any]) -> Iterator[str]:
    start, end = content["sensors"]["start"]["throttled"], content["sensors"]["end"]["throttled"]
    if start != UNAVAILABLE and end != UNAVAILABLE and start != end:
        yield f"Clocks were held down meanwhile (at first {start}, at last {end})."


def other_cores(report: Report) -> float | None:
    """Cores that others kept busy, the median over all slices; None where nothing tells."""
    values = [
        part["other_cores"]
        for row in measured_rows(report)
        for part in row.slices
        if part["other_cores"] != UNAVAILABLE
    ]
    return median(values) if values else None


def accuracy_cells(accuracy: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Agreement with PyTorch, landmark error, flow error; told to be unmeasured where they are."""
    if accuracy is None:
        return ("not measured",) * 3
    epe = accuracy["epe"]
    return (
        f"{100 * accuracy['agreement']:.0f}%",
        f"{100 * accuracy['nme']:.2f}%",
        "unknown" if epe is None else f"{epe:.3f} px",
    )


def ms(value: float) -> str:
    """Milliseconds to three digits.

    Example:
        >>> ms(0.04217), ms(7.123), ms(1234.5)
        ('0.0422', '7.12', '1234')
    """
    return f"{value:.0f}" if value >= 999.5 else f"{value:#.3g}".rstrip(".")


def figure(value: Any, unit: str = "", digits: int = 3) -> str:
    """A figure with its unit, or the word that stands for it.

    Example:
        >>> figure(4.1234, " W"), figure("unavailable", " W")
        ('4.12 W', 'unavailable')
    """
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.{digits}g}{unit}"


def machine_line(report: Report) -> str:
    """The machine in a line."""
    machine = report.content["machine"]
    cpu = machine["cpu"]
    parts = [f"{cpu['name']}, {cpu['allowed_cores']} of {cpu['logical_cores']} cores"]
    if cpu["virtual"]:
        parts[0] += " (virtual)"
    if machine["memory_mb"] != UNAVAILABLE:
        parts.append(f"{machine['memory_mb'] / 1e3:.1f} GB")
    if machine["gpus"] != UNAVAILABLE:
        parts += [gpu["name"] for gpu in machine["gpus"]]
    if machine["jetson"] != UNAVAILABLE:
        jetson = machine["jetson"]
        parts.append(f"L4T {jetson['l4t']}, mode {jetson['nvpmodel']}")
    return "; ".join(parts)

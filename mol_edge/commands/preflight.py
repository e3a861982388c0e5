"""`mol-edge preflight`: can this camera see micro-expressions?"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from mol_edge.commands.exit_codes import OK, UNFIT
from mol_edge.commands.source import add_source_arguments, source_options
from mol_edge.commands.table import format_table
from mol_edge.commands.values import number

if TYPE_CHECKING:
    from mol_edge.preflight import PreflightReport

_MOST_SECONDS = 600.0
_ANSWERS = {
    "good": "GOOD: this camera can see micro-expressions.",
    "poor": "POOR: this camera sees the stronger micro-expressions; see what to do.",
    "unfit": "UNFIT: this camera cannot see micro-expressions; see what to do.",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Watch a face that holds still and tell whether the camera can see micro-expressions: "
        "frame rate, flicker, motion noise, size of the face. Exit code 1 if it cannot."
    )
    parser = commands.add_parser("preflight", help="judge a camera", description=text)
    parser.add_argument(
        "source", metavar="SOURCE", help="camera number or path, address, pipeline, or video file"
    )
    parser.add_argument(
        "--seconds",
        metavar="N",
        type=number(above=0, most=_MOST_SECONDS),
        default=10.0,
        help="how long to watch (default: 10)",
    )
    parser.add_argument("--detector", metavar="NAME", help="yunet, haar, or a YuNet file")
    add_source_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(execute=_preflight)


def _preflight(arguments: argparse.Namespace) -> int:
    from mol_edge.faces import open_detector
    from mol_edge.preflight import Verdict, preflight

    options = source_options(arguments)
    report = preflight(
        arguments.source, arguments.seconds, open_detector(arguments.detector), options
    )
    print(json.dumps(report.record(), indent=2) if arguments.json else format_report(report))
    return UNFIT if report.verdict is Verdict.UNFIT else OK


def format_report(report: PreflightReport) -> str:
    """The report as a table, an answer, and what to do."""
    rows = [
        (finding.name, finding.verdict.value, finding.measured, finding.wanted)
        for finding in report.findings
    ]
    lines = [f"{report.source}: {report.frames} pictures in {report.seconds:.1f} s"]
    if report.incomplete is not None:
        lines.append(f"INCOMPLETE: {report.incomplete}; what came is judged")
    lines += [
        format_table(("measured", "verdict", "here", "wanted"), rows),
        "",
        _ANSWERS[report.verdict.value],
    ]
    lines += [
        f"- {finding.name}: {finding.advice}." for finding in report.findings if finding.advice
    ]
    return "\n".join(lines)

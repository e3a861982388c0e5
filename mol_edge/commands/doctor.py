"""`mol-edge doctor`: what is installed, what works, how to mend the rest."""

from __future__ import annotations

import argparse
import json
import os
from typing import TYPE_CHECKING

from mol_edge._version import __version__
from mol_edge.commands.exit_codes import NOTHING_WORKS, OK
from mol_edge.commands.table import format_table
from mol_edge.commands.values import number
from mol_edge.models import YUNET_VARIABLE

if TYPE_CHECKING:
    from mol_edge.doctor import DeviceReport, DoctorReport


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Show versions, drivers, runtimes and devices, run a real inference on every device, and "
        "name the command that mends what does not work."
    )
    parser = commands.add_parser("doctor", help="show what works on this machine", description=text)
    parser.add_argument("--bundle", metavar="DIR", help="model to run (default: the demo bundle)")
    parser.add_argument(
        "--deadline",
        metavar="S",
        type=number(above=0, most=3600),
        default=60.0,
        help="seconds until a device counts as hung (default: 60)",
    )
    parser.add_argument("--json", action="store_true", help="write the report as JSON")
    parser.set_defaults(execute=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from mol_edge import doctor
    from mol_edge.bundle import Bundle

    bundle = Bundle.default() if arguments.bundle is None else Bundle.open(arguments.bundle)
    report = doctor.examine(bundle, arguments.deadline)
    if arguments.json:
        print(json.dumps({**report.to_json(), "models": dict(_models())}, indent=2))
    else:
        _show(report, bundle.manifest.name)
    return OK if report.works else NOTHING_WORKS


def _show(report: DoctorReport, model: str) -> None:
    print(f"mol-edge {__version__}, {report.machine}\n")
    rows = [(item.name, item.version or "missing", item.note) for item in report.packages]
    print(format_table(("package", "version", "for"), rows), end="\n\n")
    if report.system.rows():
        print(format_table(("system", ""), report.system.rows()), end="\n\n")
    models = [(name, state, _note(name, state)) for name, state in _models()]
    print(format_table(("model", "state", "note"), models), end="\n\n")
    print(f"One new frame with flow of {model}, really run:")
    devices = [(item.device, _time(item), item.note) for item in report.devices]
    print(format_table(("device", "ms", "note"), devices or [("none", "", "")]))
    for problem in report.problems:
        print(f"\n{problem.what}: run `{problem.mend}`.")


def _time(report: DeviceReport) -> str:
    if report.frame_ms is None:
        return "works" if report.works else "fails"
    return f"{report.frame_ms:.1f}"


def _models() -> list[tuple[str, str]]:
    from mol_edge.models import list_models

    return [(status.file.name, status.state) for status in list_models()]


def _note(name: str, state: str) -> str:
    if state == "ready":
        return ""
    named = os.environ.get(YUNET_VARIABLE)
    if state == "named":
        return f"{YUNET_VARIABLE} names {named}"
    if named:
        return f"{YUNET_VARIABLE} names {named}, which is no file: mend or unset it"
    if state == "damaged":
        return f"delete it and run `mol-edge models get {name}`"
    return f"OpenCV's cascades are used; for better points run `mol-edge models get {name}`"

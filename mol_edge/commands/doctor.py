"""`mol-edge doctor`: what is installed, what works, how to mend the rest."""

from __future__ import annotations

import argparse

from mol_edge._version import __version__
from mol_edge.commands.exit_codes import NOTHING_WORKS, OK
from mol_edge.commands.table import format_table


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = "Show versions, runtimes and devices, and run a real inference on every device."
    parser = commands.add_parser("doctor", help="show what works on this machine", description=text)
    parser.add_argument("--bundle", metavar="DIR", help="model to run (default: the demo bundle)")
    parser.set_defaults(execute=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    from mol_edge import doctor
    from mol_edge.bundle import Bundle
    from mol_edge.models import list_models

    print(f"mol-edge {__version__}, {doctor.describe_machine()}\n")
    packages = doctor.check_packages()
    rows = [(item.name, item.version or "missing", item.note) for item in packages]
    print(format_table(("package", "version", "for"), rows), end="\n\n")

    models = [(m.file.name, m.state, _note(m.file.name, m.state)) for m in list_models()]
    print(format_table(("model", "state", "note"), models), end="\n\n")

    bundle = Bundle.open(arguments.bundle) if arguments.bundle else Bundle.default()
    reports = [doctor.check_device(bundle, device) for device in doctor.find_devices()]
    devices = [
        (item.device, "fails" if item.frame_ms is None else f"{item.frame_ms:.1f}", item.note)
        for item in reports
    ]
    print(f"One new frame with flow of {bundle.manifest.name}, really run:")
    print(format_table(("device", "ms", "note"), devices or [("none", "", "")]))
    if any(report.works for report in reports):
        return OK
    print('\nNo runtime works here: run `pip install "mol-edge[cpu]"` and this command again.')
    return NOTHING_WORKS


def _note(name: str, state: str) -> str:
    if state == "ready":
        return ""
    if state == "damaged":
        return f"delete it and run `mol-edge models get {name}`"
    return f"OpenCV's cascades are used; for better points run `mol-edge models get {name}`"

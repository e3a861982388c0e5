"""`mol-edge check`: does a bundle compute here what it computed where it was made?"""

from __future__ import annotations

import argparse

from mol_edge.commands.exit_codes import DISAGREES, OK
from mol_edge.commands.table import format_table


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Run the clips that a bundle carries on a device, and compare classes, landmarks and flow "
        "with the truth and with PyTorch. Exit code 1 if fewer than --agreement get PyTorch's "
        "class."
    )
    parser = commands.add_parser("check", help="measure a bundle's accuracy here", description=text)
    parser.add_argument("--bundle", metavar="DIR", help="model (default: the demo bundle)")
    parser.add_argument("--device", default="auto", help="as in `run` (default: auto)")
    parser.add_argument("--precision", default="fp32", help="of the bundle (default: fp32)")
    parser.add_argument(
        "--agreement", type=float, default=0.98, metavar="SHARE", help="least share (default: 0.98)"
    )
    parser.set_defaults(execute=_check)


def _check(arguments: argparse.Namespace) -> int:
    from mol_edge.backends import BackendOptions, open_backend
    from mol_edge.bundle import Bundle
    from mol_edge.check_set import measure_accuracy
    from mol_edge.errors import BundleError

    bundle = Bundle.open(arguments.bundle) if arguments.bundle else Bundle.default()
    backend = open_backend(bundle, arguments.device, BackendOptions(precision=arguments.precision))
    try:
        figures = measure_accuracy(bundle, backend)
    finally:
        backend.close()
    if figures is None:
        raise BundleError(
            f"The bundle {bundle.manifest.name} must carry a check set, and has none: make one "
            "with `python -m export judge`."
        )
    rows = [
        ("clips", str(figures.clips)),
        ("same class as PyTorch", f"{100 * figures.agreement:.0f}%"),
        ("true class", _percent(figures.accuracy, 0)),
        ("landmarks, NME", _percent(figures.nme, 2)),
        ("flow where the face moves, EPE", _pixels(figures.epe)),
        ("the same for no motion at all", _pixels(figures.zero_epe)),
        ("largest difference of a logit", f"{figures.logit_error:.2g}"),
        ("largest difference of a landmark", f"{figures.landmark_error_px:.2g} px"),
        ("largest difference of flow", f"{figures.flow_error_px:.2g} px"),
    ]
    print(f"{bundle.manifest.name} {arguments.precision} on {backend.device}")
    print(format_table(("measured", "here"), rows))
    return OK if figures.agreement >= arguments.agreement else DISAGREES


def _percent(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{100 * value:.{digits}f}%"


def _pixels(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f} px"

"""`mol-edge check`: does a bundle compute here what it computed where it was made?"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mol_edge._numbers import beyond
from mol_edge.commands.drops import parse_drops
from mol_edge.commands.exit_codes import DISAGREES, OK
from mol_edge.commands.table import format_table

if TYPE_CHECKING:
    from mol_edge.check_set import CheckFigures

_MAX_DROP = {"classes": 2.0, "flow": 5.0, "landmarks": 3.0}
_BEYOND_ROUNDING, _OF_TIES = 1e-3, 1e-2
_TIES = (
    "In fp32 a logit may differ by up to 0.01 where a spot of the face has two neighbours that are "
    "equally similar: rounding decides which of them comes first."
)
_LOSSES = {
    "classes": "clips with another class than PyTorch's",
    "flow": "rise of EPE above PyTorch's",
    "landmarks": "rise of NME above PyTorch's",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Run the clips that a bundle carries on a device, in each precision, and compare classes, "
        "landmarks and flow with the truth and with PyTorch. Exit code 1 if a precision loses "
        "more than --max-drop."
    )
    parser = commands.add_parser("check", help="measure a bundle's accuracy here", description=text)
    parser.add_argument("--bundle", metavar="DIR", help="model (default: the demo bundle)")
    parser.add_argument("--device", default="auto", help="as in `run` (default: auto)")
    parser.add_argument(
        "--precision", metavar="P,…", help="of the bundle (default: every one that it has)"
    )
    parser.add_argument(
        "--agreement", type=_share, metavar="SHARE", help="the same as --max-drop classes (0.98)"
    )
    parser.add_argument(
        "--max-drop",
        type=_limits,
        default={},
        metavar="TASK=%,…",
        help="most that may be lost against PyTorch (default: classes=2,flow=5,landmarks=3)",
    )
    parser.set_defaults(execute=_check)


def _limits(text: str) -> dict[str, float]:
    try:
        return parse_drops(text, _MAX_DROP)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"must lie between 0 and 1, such as 0.98, got {text!r}")
    return share


def _check(arguments: argparse.Namespace) -> int:
    from mol_edge.backends import BackendOptions, open_backend
    from mol_edge.bundle import Bundle
    from mol_edge.check_set import measure_accuracy
    from mol_edge.errors import BundleError

    bundle = Bundle.default() if arguments.bundle is None else Bundle.open(arguments.bundle)
    name = bundle.manifest.name
    allowed = {**_MAX_DROP, **arguments.max_drop}
    if arguments.agreement is not None:
        allowed["classes"] = 100 * (1 - arguments.agreement)
    wanted = (arguments.precision or ",".join(bundle.manifest.graphs)).split(",")
    columns: list[list[str]] = []
    clips, ties = 0, False
    reasons = []
    for precision in wanted:
        options = BackendOptions(precision=precision)
        with open_backend(bundle, arguments.device, options) as backend:
            device, figures = backend.device, measure_accuracy(bundle, backend)
        if figures is None:
            raise BundleError(
                f"The bundle {name} must carry a check set, and has none: make one with "
                "`python -m export judge`."
            )
        rows, clips = _rows(figures), figures.clips
        ties |= precision == "fp32" and _BEYOND_ROUNDING < figures.logit_error <= _OF_TIES
        columns.append([f"{precision}, {device}", *(value for _, value in rows)])
        for task, lost in figures.lost().items():
            # A bundle in float32 too has to be what PyTorch is; rounding is no loss.
            if not 100 * lost <= allowed[task] + 1e-6:
                reasons.append(
                    f"{precision} on {device}, {task}: {_LOSSES[task]} is "
                    f"{beyond(100 * lost, allowed[task], 1)}%, at most {allowed[task]:g}% may be "
                    "lost: do not use it here."
                )
    names = ["measured", *(label for label, _ in rows)]
    table = list(zip(names, *columns))
    print(f"{name}, {clips} clips")
    print(format_table(table[0], table[1:]))
    if ties:
        print(_TIES)
    for reason in reasons:
        print(f"mol-edge: {reason}", file=sys.stderr)
    return DISAGREES if reasons else OK


def _rows(figures: CheckFigures) -> list[tuple[str, str]]:
    lost = figures.lost()
    return [
        ("same class as PyTorch", f"{100 * figures.agreement:.0f}%"),
        ("true class", _percent(figures.accuracy, 0)),
        ("landmarks, NME", _percent(figures.nme, 2)),
        ("above PyTorch's", _percent(lost.get("landmarks"), 2)),
        ("flow where the face moves, EPE", _pixels(figures.epe)),
        ("above PyTorch's", _percent(lost.get("flow"), 2)),
        ("EPE of no motion at all", _pixels(figures.zero_epe)),
        ("largest difference of a logit", f"{figures.logit_error:.2g}"),
        ("largest difference of a landmark", f"{figures.landmark_error_px:.2g} px"),
        ("largest difference of flow", f"{figures.flow_error_px:.2g} px"),
    ]


def _percent(value: float | None, digits: int) -> str:
    return "unknown" if value is None else f"{100 * value + 0.0:.{digits}f}%"


def _pixels(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f} px"

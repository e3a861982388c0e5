"""Arguments of `python -m export`."""

from __future__ import annotations

import argparse
from pathlib import Path


def export_parser() -> argparse.ArgumentParser:
    """The arguments of an export."""
    parser = argparse.ArgumentParser(
        prog="python -m export",
        description="Export a MOL checkpoint as a verified bundle. "
        "`python -m export show BUNDLE` prints one, `python -m export judge BUNDLE CHECKPOINT` "
        "measures one, `python -m export gate BUNDLE` judges its precisions again.",
    )
    parser.add_argument("checkpoint", type=Path, help="official .pth, or one of training.fit")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="BUNDLE", help="folder to write"
    )
    parser.add_argument("--classes", metavar="A,B,…", help="class names in the order of the logits")
    parser.add_argument("--mean", type=float, metavar="M", help="subtracted from luma (0 to 255)")
    parser.add_argument("--scale", type=float, metavar="S", help="divisor after that")
    parser.add_argument(
        "--window-ms", type=float, metavar="MS", help="span of a window's 8 samples (350)"
    )
    parser.add_argument(
        "--alignment", choices=("per_frame", "anchored"), help="as in training (per_frame)"
    )
    parser.add_argument(
        "--neighbours", type=int, metavar="K", help="k of the graph, for official checkpoints (4)"
    )
    parser.add_argument("--name", help="name of the model (the checkpoint's file name)")
    parser.add_argument("--openvino", action="store_true", help="write OpenVINO IR too")
    parser.add_argument(
        "--no-clip", dest="fused", action="store_false", help="leave out the fused graph"
    )
    parser.add_argument(
        "--half-storage",
        action="store_true",
        help="weights as float16 on disk, computed in float32",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="T",
        help="largest difference of fp32 from PyTorch (1e-3; 5e-2 with --half-storage), of outputs "
        "above 100 in proportion; fp16 and int8 have --max-drop",
    )
    parser.add_argument("--untrained", action="store_true", help="mark the weights as not trained")
    _add_precision_arguments(parser)
    return parser


def _add_precision_arguments(parser: argparse.ArgumentParser) -> None:
    """Add which precisions, calibrated and judged on what."""
    group = parser.add_argument_group("precisions")
    group.add_argument(
        "--precision", default="fp32", metavar="P,P,…", help="of fp32, fp16, int8 (fp32)"
    )
    group.add_argument(
        "--calibration",
        default="synthetic",
        metavar="CLIPS",
        help="synthetic, a folder of videos, or a folder of prepared clips (synthetic)",
    )
    group.add_argument("--calibration-clips", type=int, default=48, metavar="N", help="(48)")
    group.add_argument(
        "--evaluation",
        default="synthetic",
        metavar="CLIPS",
        help="what precisions are judged on: synthetic, or a folder of prepared clips (synthetic)",
    )
    group.add_argument("--evaluation-clips", type=int, default=200, metavar="N", help="(200)")
    group.add_argument(
        "--selection-clips",
        type=int,
        default=48,
        metavar="N",
        help="further clips, on which parts of the network are tried in eight bits; 0: none (48)",
    )
    group.add_argument(
        "--max-drop",
        default="",
        metavar="TASK=%,…",
        help="most that may be lost against float32 (classes=2,flow=5,landmarks=3)",
    )


def show_parser() -> argparse.ArgumentParser:
    """The arguments of `show`."""
    parser = argparse.ArgumentParser(prog="python -m export show", description="Print a bundle.")
    parser.add_argument("bundle", type=Path)
    return parser

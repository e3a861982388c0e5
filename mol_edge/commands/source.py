"""The source that `run` and `preflight` name, and the options that say how it is read."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from mol_edge.commands.values import number
from mol_edge.errors import OptionError

if TYPE_CHECKING:
    from mol_edge.sources import SourceOptions


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add at what rate a source is read, and how its pictures are turned."""
    parser.add_argument(
        "--fps",
        metavar="FPS",
        type=number(above=0),
        help="rate of pictures, which have none of their own (default: 30); rate to ask of a "
        "camera; not for videos and streams, which have times of their own",
    )
    parser.add_argument(
        "--rotate",
        type=int,
        choices=(0, 90, 180, 270),
        default=0,
        help="turn pictures clockwise, for a camera that is mounted on its side or upside down",
    )


def source_options(arguments: argparse.Namespace) -> SourceOptions:
    """What `add_source_arguments`' arguments ask for.

    Raises:
        OptionError: a rate is given for a source that has times of its own.
    """
    from mol_edge.sources import SourceOptions, takes_rate
    from mol_edge.sources.live import display_name

    if arguments.fps is not None and not takes_rate(arguments.source):
        raise OptionError(
            "--fps is the rate of pictures, or one to ask of a camera, and "
            f"{display_name(arguments.source)} has times of its own: leave it out."
        )
    return SourceOptions(fps=arguments.fps, rotate=arguments.rotate)

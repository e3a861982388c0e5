"""`python -m training.synthetic {clips, stills, videos, sheet}`: render sets to disk."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from mol_edge.commands.values import whole
from mol_edge.errors import InputError, MolEdgeError
from training.synthetic.cache import write_clips, write_stills
from training.synthetic.long_video import VideoOptions
from training.synthetic.options import Alignment, Protocol, Split, SyntheticOptions
from training.synthetic.photos import read_photos
from training.synthetic.sheet import clip_sheet, still_sheet
from training.synthetic.still import STILLS
from training.synthetic.videos import write_videos


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.synthetic", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("clips", "a set of 8-frame clips"),
        ("stills", "a set of single crops for landmarks"),
        ("videos", "long videos with a CSV of their events"),
        ("sheet", "a contact sheet to look at"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("--out", type=Path, required=True, help="folder (sheet: PNG file)")
        command.add_argument("--count", type=int, default=16)
        command.add_argument("--seed", type=whole(0), default=0)
        command.add_argument("--split", choices=get_args(Split), default="train")
        if name != "sheet":
            command.add_argument("--workers", type=int, default=1, help="processes to use")
        if name in ("clips", "sheet"):
            command.add_argument("--protocol", choices=get_args(Protocol), default="mixed")
            command.add_argument("--alignment", choices=get_args(Alignment), default="anchored")
    commands.choices["clips"].add_argument("--photos", type=Path, help="folder of photographs")
    commands.choices["sheet"].add_argument("--stills", action="store_true", help="stills instead")
    videos = commands.choices["videos"]
    videos.add_argument("--fps", type=_fps, default=(30.0, 200.0), help="RATE or LOW..HIGH")
    videos.add_argument("--seconds", type=float, default=30.0)
    videos.add_argument("--codec", choices=("mjpg", "mp4v"), default="mjpg")
    return parser


def _fps(text: str) -> tuple[float, float]:
    low, _, high = text.partition("..")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a rate or two, such as 30 or 30..200, got {text!r}"
        ) from None


def _run(args: argparse.Namespace) -> None:
    if args.command == "videos":
        base = VideoOptions(args.fps, args.seconds, args.codec)
        options = replace(base, clip=replace(base.clip, split=args.split))
        write_videos(args.out, args.count, args.seed, options, args.workers)
    elif args.command == "stills":
        write_stills(
            args.out, args.count, args.seed, replace(STILLS, split=args.split), args.workers
        )
    else:
        clip = SyntheticOptions(protocol=args.protocol, alignment=args.alignment, split=args.split)
        if args.command == "clips":
            photos = read_photos(args.photos) if args.photos else None
            write_clips(args.out, args.count, args.seed, clip, args.workers, photos)
        else:
            _write_sheet(args, clip)


def _write_sheet(args: argparse.Namespace, options: SyntheticOptions) -> None:
    import cv2

    if args.stills:
        picture = still_sheet(args.seed, args.count)
    else:
        picture = clip_sheet(args.seed, args.count, options)
    if not cv2.imwrite(str(args.out), picture):
        raise InputError(f"The sheet must be a writable PNG file, got {args.out}; check the path.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    try:
        _run(_parser().parse_args(arguments))
    except MolEdgeError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

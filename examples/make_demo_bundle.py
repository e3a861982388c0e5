"""Make the demo bundle that the package ships, from nothing but its configuration.

Renders synthetic clips, trains `training/configs/lite.toml`, exports the network, measures it on
faces, poses and cameras it has not seen, and keeps figures and a check set in the bundle. Each
step goes on where it stopped. About two and a half hours on 2 idle cores.

    pip install -e ".[train,export]" -c constraints.txt
    python -m examples.make_demo_bundle [--out mol_edge/data/demo] [--photos DIR]
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from mol_edge.benchmark.report import check_writable
from mol_edge.commands.ending import ended
from mol_edge.errors import MolEdgeError

ROOT = Path(__file__).parents[1]

USE = (
    "Trying out the SDK and research. It was trained on synthetic faces alone and has never seen a "
    "real micro-expression. Not for decisions about people; see docs/model-card.md."
)


def make(
    config: Path, runs: Path, folder: Path, photos: Path | None, precisions: tuple[str, ...]
) -> str:
    """Train, export and judge; returns the main figures as text."""
    # Without the extras --help still works.
    from export.convert import convert_all
    from export.judge import JudgeOptions, judge_bundle, summary
    from export.options import ExportOptions
    from export.precision.add import PrecisionOptions
    from export.precision.gate import table
    from training.checkpoints import BEST
    from training.config import load_config
    from training.datasets import open_splits
    from training.evaluation.photos import read_faces
    from training.fit import claim, fit

    settings = load_config(config)
    options = ExportOptions(
        name="mol-lite-demo",
        fused=False,
        half_storage=True,
        intended_use=USE,
        precision=PrecisionOptions(precisions),
    )
    if photos is not None:
        # What cannot be read must not be found out after hours.
        read_faces(photos)
    check_writable(folder.absolute().parent)
    claim(runs, resume=True)
    fit(settings, open_splits(settings.data), runs, resume=True)
    converted = convert_all(runs / BEST, folder, options)
    figures = judge_bundle(converted.folder, runs / BEST, JudgeOptions(photos=photos))
    added = converted.added
    judged = "" if added is None else table(added.float32, added.judgements) + "\n"
    return f"{converted.verification.table()}\n{judged}{summary(figures)}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=ROOT / "training/configs/lite.toml")
    parser.add_argument("--runs", type=Path, default=Path("runs/lite"), help="folder of the run")
    parser.add_argument("--out", type=Path, default=ROOT / "mol_edge/data/demo")
    parser.add_argument("--photos", type=Path, help="annotated photographs to judge landmarks on")
    parser.add_argument("--precision", default="fp32", help="of fp32,fp16,int8")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    precisions = tuple(given.precision.split(","))
    print(make(given.config, given.runs, given.out, given.photos, precisions))


if __name__ == "__main__":
    try:
        main()
    except (MolEdgeError, OSError, ModuleNotFoundError, KeyboardInterrupt) as error:
        code = ended("make_demo_bundle", error, "train,export")
        if code is None:
            raise
        sys.exit(code)

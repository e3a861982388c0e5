"""Train MOL: ``python -m training.fit CONFIG.toml [--resume] [--out DIR]``.

The folder of a run holds `model.pt` (the best checkpoint on held-out training subjects),
`last.pt` (to resume from), `log.csv`, `validation.csv` and `curves.png`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from mol_edge.benchmark.report import check_writable
from mol_edge.errors import OutputError
from training.checkpoints import BEST, LAST
from training.config import FitConfig, load_config
from training.datasets import Splits, open_splits
from training.device import choose_device
from training.trainer import Trainer


def fit(config: FitConfig, data: Splits, out: Path, *, resume: bool = False) -> Path:
    """Train one network.

    Args:
        config: the run.
        data: training and validation samples.
        out: folder for what the run writes.
        resume: go on from `last.pt` where there is one; the result is that of an unbroken run.

    Returns:
        Path of the best checkpoint.

    Raises:
        OutputError: the folder cannot be written, or holds a run already and `resume` is False.
        InputError: the run in the folder has another configuration, or the loss is no number.
        DeviceError: the device does not exist.

    Example:
        >>> config = load_config(Path("training/configs/lite.toml"))
        >>> fit(config, open_splits(config.data), Path("runs/lite"))  # doctest: +SKIP
        PosixPath('runs/lite/model.pt')
    """
    claim(out, resume=resume)
    trainer = Trainer(config, data, out)
    if resume:
        trainer.resume()
    trainer.run()
    return out / BEST


def claim(out: Path, *, resume: bool = False) -> None:
    """Make the folder of a run; raises OutputError if the run cannot go there."""
    check_writable(out)
    if (out / LAST).exists() and not resume:
        raise OutputError(
            f"{out} must not hold a run already, and does: add --resume to go on with it, or "
            "name another folder with --out."
        )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m training.fit", description=__doc__)
    parser.add_argument("config", type=Path, help="configuration, such as configs/lite.toml")
    parser.add_argument("--out", type=Path, help="folder of the run (default runs/NAME)")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted run")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    try:
        config = load_config(given.config)
        out = given.out or Path("runs") / config.name
        # What cannot work must not be found out after an hour of rendering.
        choose_device(config.run.device)
        claim(out, resume=given.resume)
        best = fit(config, open_splits(config.data, config.run.seed), out, resume=given.resume)
    except KeyboardInterrupt:
        print("Stopped: add --resume to go on from the last checkpoint.", file=sys.stderr)
        return 130
    print(best)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Where clips may come from, looked at before minutes of work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mol_edge.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from training.samples import Dataset

SYNTHETIC = "synthetic"
VIDEOS = (".avi", ".mp4", ".mov", ".mkv", ".webm", ".m4v")


def check_sources(calibration: str | None, judging: str, labels: Sequence[str]) -> None:
    """Look at where clips shall come from before minutes of work; nothing is rendered yet.

    Args:
        calibration: as `open_calibration` takes it, or None where nothing is calibrated.
        judging: as `open_judging` takes it.
        labels: class names of the model.

    Raises:
        InputError: no such folder, or nothing in it that can be used.
        OptionError: clips with other classes.
        MissingExtraError: a package that making or reading clips needs.
    """
    if calibration not in (None, SYNTHETIC) and Path(str(calibration)) == Path(judging):
        raise InputError(
            f"Calibration and evaluation must not share frames, and both name {judging}: give one "
            "of them other clips."
        )
    if calibration is not None and (videos := videos_in(calibration)):
        from export.precision.videos import check_videos

        check_videos(videos)
    elif calibration is not None:
        _look_at(calibration, None)
    _look_at(judging, labels)


def _look_at(data: str, labels: Sequence[str] | None) -> None:
    if data == SYNTHETIC or not Path(data).is_dir():
        check_rendering(data)
    else:
        opened(data, labels)


def videos_in(data: str) -> list[Path]:
    """Videos in a folder; none where it is no folder."""
    if data == SYNTHETIC or not Path(data).is_dir():
        return []
    return sorted(path for path in Path(data).rglob("*") if path.suffix.lower() in VIDEOS)


def check_rendering(data: str) -> None:
    """Raise unless clips are asked for that can be rendered here."""
    if data != SYNTHETIC:
        raise InputError(
            f"Clips must come from {SYNTHETIC!r} or a folder, and {data!r} is neither: check the "
            "path."
        )
    try:
        import training.synthetic_data  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), "train", "Rendering clips") from None


def opened(data: str, labels: Sequence[str] | None) -> Dataset:
    """The clips of a folder; where `labels` are given, they have the classes of the model."""
    try:
        from training.datasets import open_evaluation, open_folder
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), "train", "Reading clips") from None
    if not any(Path(data).iterdir()):
        raise InputError(
            f"{data} must be a folder of videos or of prepared clips, and is empty: name another "
            f"one, or {SYNTHETIC}."
        )
    if labels is None:
        if not any((Path(data) / name).is_file() for name in ("set.json", "index.json")):
            raise InputError(
                f"{data} must be a folder of videos ({', '.join(VIDEOS)}) or of prepared clips, "
                f"and holds neither: name another one, or {SYNTHETIC}."
            )
        dataset = open_folder(Path(data))
    else:
        dataset = open_evaluation(data, labels, quiet=True)
    if len(dataset) == 0:
        raise InputError(f"{data} must hold clips, and holds none: name another folder.")
    return dataset

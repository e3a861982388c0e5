"""The MOL authors' layout: `class/subject_clip/frame.jpg`."""

from __future__ import annotations

from pathlib import Path

from training.data.classes import EMOTIONS, normal_emotion
from training.data.frames import Clip, folders, numbered_frames, pictures
from training.data.naming import NAMINGS, Naming
from training.data.options import SetName
from training.data.report import LeftOut, Report


def read_official(root: Path, dataset: SetName, report: Report) -> list[Clip]:
    """Clips of a root of class folders; what does not fit is named in the report.

    Raises:
        InputError: no folder in `root` is named as an emotion or class.
    """
    naming = NAMINGS[dataset]
    classes = []
    for folder in folders(root):
        if normal_emotion(folder.name) in EMOTIONS:
            classes.append(folder)
        else:
            report.leave_out(
                "wrong_layout",
                folder.name,
                f"expected a class folder as in {naming.example}, got {_content(folder)}",
            )
    if not classes:
        raise report.fatal(
            "wrong_layout",
            str(root),
            f"The official layout has class folders in its root, as in {naming.example}, and "
            f"{root} has none: point --root at the folder above them, or use --layout original.",
        )
    _report_loose(root, "", naming, report)
    clips: list[Clip] = []
    for folder in classes:
        clips += _class_folder(folder, naming, report)
    return clips


def _class_folder(folder: Path, naming: Naming, report: Report) -> list[Clip]:
    clips = []
    _report_loose(folder, folder.name, naming, report)
    for clip in folders(folder):
        match = naming.clip.fullmatch(clip.name)
        if not match:
            report.leave_out(
                "wrong_layout",
                f"{folder.name}/{clip.name}",
                f"expected a clip folder named as in {naming.example}",
            )
            continue
        try:
            frames = numbered_frames(clip, naming, clip.name, report)
        except LeftOut as error:
            report.findings.append(error.finding)
            continue
        clips.append(
            Clip(
                video=clip.name,
                subject=naming.subject_id(match[1]),
                emotion=normal_emotion(folder.name),
                frames=tuple(path for _, path in frames),
            )
        )
    return clips


def _report_loose(folder: Path, name: str, naming: Naming, report: Report) -> None:
    loose = pictures(folder)
    if loose:
        report.leave_out(
            "wrong_layout",
            name or str(folder),
            f"{len(loose)} pictures lie outside a clip folder, first {loose[0].name}: "
            f"frames belong two folders deep, as in {naming.example}",
        )


def _content(folder: Path) -> str:
    return f"{len(folders(folder))} folders and {len(pictures(folder))} pictures in {folder.name}"

"""The layouts that CASME II, SAMM and SMIC are handed out in, with their coding sheets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from training.data.frames import Clip, numbered_frames, pictures
from training.data.naming import NAMINGS, SMIC_EMOTIONS, Naming
from training.data.options import SetName
from training.data.report import LeftOut, Report
from training.data.sheet_search import find_rows
from training.data.sheets import Row


def read_original(
    root: Path, dataset: SetName, report: Report, sheet: Path | None = None
) -> list[Clip]:
    """Clips of a set as its authors hand it out; what does not fit is named in the report.

    CASME II: `sub01/EP02_01f/img46.jpg` or `reg_img46.jpg`, with a coding sheet. SAMM:
    `006/006_1_2/006_05562.jpg`, with a coding sheet. SMIC (HS):
    `HS/s1/micro/negative/s1_ne_01/image090823.bmp`, trimmed by its authors and named by its
    emotion; the long version `s01/s1_ne_01/image090823.jpg` needs its annotation sheet.

    Raises:
        InputError: the root has no clip folder, has clips twice (as with the raw and the
            cropped version in one root), or needs a coding sheet and has none.
    """
    naming = NAMINGS[dataset]
    # SMIC's other cameras (VIS, NIR) show the same clips under the same names.
    base = root / "HS" if dataset == "smic" and (root / "HS").is_dir() else root
    clip_folders = _clip_folders(base, dataset, naming, report)
    if not clip_folders:
        raise report.fatal(
            "wrong_layout",
            str(root),
            f"The original layout of {dataset} has subject folders with clip folders of pictures "
            f"in them, and {root} has none: point --root at the folder above the subjects, "
            "or use --layout official.",
        )
    trimmed = dataset == "smic" and all(_is_micro(f, base) for f in clip_folders.values())
    if trimmed and sheet is None:
        return _without_sheet(clip_folders, naming, report)
    return _with_sheet(clip_folders, find_rows(root, sheet, report), naming, report)


def _clip_folders(
    base: Path, dataset: SetName, naming: Naming, report: Report
) -> dict[tuple[str, str], Path]:
    """Folders of pictures by (subject, clip name in lower case)."""
    found: dict[tuple[str, str], Path] = {}
    for folder in _picture_folders(base):
        where = str(folder.relative_to(base))
        if "non_micro" in folder.relative_to(base).parts:
            report.leave_out("label_outside", where, "holds no micro-expression")
            continue
        if dataset == "smic":
            match = naming.clip.fullmatch(folder.name)
        else:
            match = naming.subject.fullmatch(folder.parent.name) if folder != base else None
        if not match:
            report.leave_out(
                "wrong_layout",
                where,
                f"{len(pictures(folder))} pictures in a folder that is not named as a clip "
                f"of {dataset} below its subject",
            )
            continue
        key = naming.subject_id(match[1]), folder.name.strip().lower()
        if key in found:
            raise report.fatal(
                "duplicate",
                folder.name,
                f"Each clip must be in the root once, and {base} has {folder.name} in "
                f"{found[key].relative_to(base).parent} and {folder.relative_to(base).parent}: "
                "point --root at one of them.",
            )
        found[key] = folder
    return found


def _picture_folders(base: Path) -> Iterator[Path]:
    for path, inner, _ in os.walk(base):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        if pictures(Path(path)):
            yield Path(path)


def _is_micro(folder: Path, base: Path) -> bool:
    return folder.relative_to(base).parent.name.lower() in SMIC_EMOTIONS.values()


def _without_sheet(
    clip_folders: dict[tuple[str, str], Path], naming: Naming, report: Report
) -> list[Clip]:
    clips = []
    for (subject, _), folder in sorted(clip_folders.items()):
        try:
            frames = numbered_frames(folder, naming, folder.name, report)
        except LeftOut as error:
            report.findings.append(error.finding)
            continue
        emotion = folder.parent.name.lower()
        clips.append(Clip(folder.name, subject, emotion, tuple(path for _, path in frames)))
    return clips


def _with_sheet(
    clip_folders: dict[tuple[str, str], Path], rows: list[Row], naming: Naming, report: Report
) -> list[Clip]:
    clips: list[Clip] = []
    seen: set[tuple[tuple[str, str], int | None]] = set()
    for row in rows:
        subject = naming.subject_id(row.subject) if row.subject else "?"
        key = subject, row.clip.lower()
        name = f"{subject}/{row.clip} (row {row.line})"
        if (key, row.onset) in seen:
            report.leave_out("duplicate", name, "the sheet has this clip and onset in another row")
        elif key not in clip_folders:
            report.leave_out("no_folder", name, "no folder of pictures has this subject and name")
        else:
            again = any(other == key for other, _ in seen)
            clip = _sheet_clip(clip_folders[key], subject, row, again, naming, report)
            clips += [clip] if clip else []
        seen.add((key, row.onset))
    listed = {key for key, _ in seen}
    for key, folder in sorted(clip_folders.items()):
        if key not in listed:
            report.leave_out("no_row", f"{key[0]}/{folder.name}", "not in the coding sheet")
    return clips


def _sheet_clip(
    folder: Path, subject: str, row: Row, again: bool, naming: Naming, report: Report
) -> Clip | None:
    """The frames from onset to offset; `again`: an earlier row used the same folder."""
    named = naming.clip.fullmatch(folder.name)
    video = folder.name if named else f"{subject}_{folder.name}"
    if row.onset is None or row.offset is None or row.offset <= row.onset:
        report.leave_out(
            "bad_row",
            f"{video} (row {row.line})",
            f"onset {row.onset} and offset {row.offset} must be frame numbers, onset first: "
            "correct the sheet",
        )
        return None
    video += f"@{row.onset}" if again else ""
    try:
        numbered = numbered_frames(folder, naming, video, report)
    except LeftOut as error:
        report.findings.append(error.finding)
        return None
    frames = tuple(path for number, path in numbered if row.onset <= number <= row.offset)
    missing = row.offset - row.onset + 1 - len(frames)
    if missing:
        report.note(
            "missing_frames",
            video,
            f"{missing} of {row.offset - row.onset + 1} frames from {row.onset} to {row.offset}",
        )
    # The sheet of SMIC's long version leaves the emotion to the clip's name.
    from_name = named and naming is NAMINGS["smic"]
    emotion = SMIC_EMOTIONS[named[2].lower()] if named and from_name else row.emotion
    return Clip(video, subject, emotion, frames, row.onset, row.apex, row.offset)

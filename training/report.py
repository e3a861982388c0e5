"""The report of an evaluation: `report.md`, `report.html`, `figures.json` and their pictures."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OutputError
from training.evaluation.pictures import save_picture

_STYLE = (
    "body{font-family:sans-serif;max-width:70em;margin:2em auto;padding:0 1em;line-height:1.45}"
    "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;padding:.25em .7em;"
    "text-align:right}table{display:block;overflow-x:auto}td:first-child,th:first-child{text-align:left}img{max-width:100%}"
)


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        title: its heading.
        text: paragraphs.
        header, rows: a table, where there are rows.
        pictures: file name and BGR picture.
    """

    title: str
    text: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    pictures: tuple[tuple[str, NDArray[np.uint8]], ...] = field(default=())


def write_report(
    folder: Path, title: str, sections: Sequence[Section], figures: Mapping[str, Any]
) -> Path:
    """Write a report; returns the path of its Markdown file.

    Raises:
        OutputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for section in sections:
            for name, picture in section.pictures:
                save_picture(picture, folder / name)
        text = json.dumps(_plain(figures), indent=2)
        (folder / "figures.json").write_text(text + "\n", encoding="utf-8")
        (folder / "report.html").write_text("\n".join(_html(title, sections)), encoding="utf-8")
        markdown = folder / "report.md"
        markdown.write_text("\n".join(_markdown(title, sections)), encoding="utf-8")
    except OSError as error:
        raise OutputError(
            f"The report's folder {folder} must be writable, and is not ({error}): name another "
            "with --out."
        ) from None
    return markdown


def class_section(figures: Mapping[str, Any], pictures: bool = True) -> Section:
    """Scores of classes per clip and per video, with the confusion matrix."""
    from training.evaluation.pictures import confusion_picture

    names = ("accuracy", "war", "uar", "wf1", "uf1")
    rows = [
        (f"per {level}", str(figures[level]["count"]), *(percent(figures[level][n]) for n in names))
        for level in ("clip", "video")
    ]
    shown: tuple[tuple[str, NDArray[np.uint8]], ...] = ()
    if pictures and figures["clip"]["count"]:
        image = confusion_picture(figures["clip"]["confusion"], figures["labels"])
        shown = (("confusion.png", image),)
    text = (
        f"Classes: {', '.join(figures['labels'])}. {figures['without_class']} clips have no class "
        "in this set and count for flow and landmarks only.",
    )
    header = ("", "count", "accuracy", "WAR", "UAR", "WF1", "UF1")
    return Section("Classes", text, header, tuple(rows), shown)


def flow_section(flow: Mapping[str, Mapping[str, Any]]) -> Section:
    """Endpoint errors of the model and of the baselines."""
    rows = []
    for method, row in flow.items():
        if row["face_pixels"]:
            rows.append((method, number(row["face"]), number(row["moving"])))
    text = [
        "Mean endpoint error in pixels of the 128 × 128 crop: over the face, and over the face "
        "pixels that move more than 0.1 px once the best similarity transform is taken off."
    ]
    if len(rows) > 2:
        text.append(
            "The baselines run on some of the pairs; the rows named (same pairs) are over those."
        )
    return Section("Optical flow", tuple(text), ("method", "face", "moving pixels"), tuple(rows))


def landmark_section(figures: Mapping[str, Any], jitter: Mapping[str, Any] | None) -> Section:
    """Errors of landmarks, and jitter where it was measured."""
    rows = [
        ("NME (by the distance of the eye centres)", percent(figures["nme"])),
        ("failures (NME above 10%)", percent(figures["failure_rate"])),
        ("frames", str(figures["frames"])),
    ]
    if jitter:
        rows.append(("jitter on a still face", percent(jitter["jitter"])))
        rows.append(("jitter on a still face, pixels", number(jitter["jitter_px"])))
    return Section("Landmarks", (), ("measure", "value"), tuple(rows))


def percent(value: float | None) -> str:
    """A share as a percentage, a dash where it is unknown."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """A number with three decimals, a dash where it is unknown."""
    return "–" if value is None or math.isnan(value) else f"{value:.3f}"


def _markdown(title: str, sections: Sequence[Section]) -> Iterator[str]:
    yield f"# {title}"
    for section in sections:
        yield f"\n## {section.title}\n"
        for text in section.text:
            yield f"{text}\n"
        if section.rows:
            yield f"| {' | '.join(section.header)} |"
            yield f"|{'---|' * len(section.header)}"
            yield from (f"| {' | '.join(row)} |" for row in section.rows)
            yield ""
        yield from (f"![{section.title}]({name})\n" for name, _ in section.pictures)


def _html(title: str, sections: Sequence[Section]) -> Iterator[str]:
    safe = html.escape
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{safe(title)}</title>'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<style>{_STYLE}</style><h1>{safe(title)}</h1>"
    for section in sections:
        yield f"<h2>{safe(section.title)}</h2>"
        yield from (f"<p>{safe(text)}</p>" for text in section.text)
        if section.rows:
            cells = "".join(f"<th>{safe(cell)}</th>" for cell in section.header)
            yield f"<table><tr>{cells}</tr>"
            for row in section.rows:
                yield f"<tr>{''.join(f'<td>{safe(cell)}</td>' for cell in row)}</tr>"
            yield "</table>"
        for name, _ in section.pictures:
            yield f'<p><img src="{safe(name)}" alt="{safe(section.title)}"></p>'
    yield "</html>"


def _plain(value: Any) -> Any:
    """Values as JSON has them; what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

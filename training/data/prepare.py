"""A licensed set, read once into a cache: resumable, with a report of what was left out."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator, Sequence

from mol_edge.errors import InputError, MissingExtraError, OptionError
from mol_edge.windows import SAMPLES
from training.data.atomic import remove_parts
from training.data.cache import CLIPS, INDEX, Entry, Index, read_index, write_index
from training.data.classes import class_names, label_of
from training.data.clip_job import ClipSettings
from training.data.frames import Clip
from training.data.landmarks import open_landmarks
from training.data.official import read_official
from training.data.options import PrepareOptions
from training.data.original import read_original
from training.data.report import Report
from training.data.sampling import clip_samples
from training.data.workers import prepare_clips

_PACKAGES = {"cv2": "opencv-python", "skimage": "scikit-image", "tqdm": "tqdm"}


def prepare(options: PrepareOptions, progress: bool = True) -> Report:
    """Align a set's clips, compute their flow and keep both in a cache.

    Clips that an earlier run left in the cache, made from the same frames, landmarks and
    settings, are kept, so that a run that was stopped goes on where it was. `report.json` and
    `report.txt` in the cache name everything that was left out.

    Args:
        options: what to prepare.
        progress: whether to show a bar on standard error.

    Raises:
        InputError: the root, its sheet or the landmarks cannot be read, or no clip is left.
        OptionError: the cache holds another set.
        MissingExtraError: a package that this needs is not installed.

    Example:
        >>> from pathlib import Path
        >>> options = PrepareOptions("smic", "original", Path("SMIC_all_raw"), "csv:points.csv",
        ...                          3, Path("cache/smic"))
        >>> prepare(options).prepared  # doctest: +SKIP
        164
    """
    for module, package in _PACKAGES.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(package, "train", "Preparing a set")
    if not options.root.is_dir():
        raise InputError(f"The root {options.root} must be a folder: check --root.")
    _claim(options)
    report = Report(options.dataset, options.layout)
    try:
        clips = find_clips(options, report)
        open_landmarks(options.landmarks, options.root)
        _write_index(options, (), complete=False)
        kept = [clip for clip, outcome in _run(clips, options, progress, report) if outcome]
    except InputError:
        report.write(options.out)
        raise
    kept.sort(key=lambda clip: clip.video)
    _note_single_clips(kept, report)
    report.prepared = len(kept)
    report.samples = sum(len(clip_samples(len(c.frames), options.protocol)) for c in kept)
    _write_index(options, kept, complete=bool(kept))
    report.write(options.out)
    if not kept:
        raise InputError(
            f"No clip of {options.root} could be prepared: {options.out / 'report.txt'} says why."
        )
    return report


def find_clips(options: PrepareOptions, report: Report) -> list[Clip]:
    """The set's clips that have a class and enough frames; the others go into the report."""
    if options.layout == "official":
        clips = read_official(options.root, options.dataset, report)
    else:
        clips = read_original(options.root, options.dataset, report, options.sheet)
    names = class_names(options.dataset, options.classes)
    seen: dict[str, Clip] = {}
    for clip in clips:
        if label_of(clip.emotion, options.dataset, options.classes) is None:
            detail = f"{clip.emotion or 'no emotion'} is none of {', '.join(names)}"
            report.leave_out("label_outside", clip.video, detail)
        elif len(clip.frames) < SAMPLES:
            detail = f"{len(clip.frames)} frames, at least {SAMPLES} are needed"
            report.leave_out("too_few_frames", clip.video, detail)
        elif clip.video in seen:
            detail = f"in {clip.emotion}, was already read from {seen[clip.video].emotion}"
            report.leave_out("duplicate", clip.video, detail)
        else:
            seen[clip.video] = clip
    return list(seen.values())


def _claim(options: PrepareOptions) -> None:
    """Make the cache's folders; a cache of another set is not written over."""
    (options.out / CLIPS).mkdir(parents=True, exist_ok=True)
    if (options.out / INDEX).exists():
        found = read_index(options.out).dataset
        if found != options.dataset:
            raise OptionError(
                f"The cache {options.out} holds {found}, got {options.dataset}: "
                "give each set its own --out."
            )
    remove_parts(options.out)
    remove_parts(options.out / CLIPS)


def _run(
    clips: list[Clip], options: PrepareOptions, progress: bool, report: Report
) -> Iterator[tuple[Clip, bool]]:
    """Each clip with whether it is in the cache now."""
    from tqdm import tqdm

    settings = ClipSettings(options.out, options.alignment, options.protocol)
    bar = tqdm(total=len(clips), unit="clip", desc=options.dataset, disable=not progress)
    with bar:
        outcomes = prepare_clips(clips, settings, options.landmarks, options.root, options.jobs)
        for clip, outcome in outcomes:
            if outcome.finding:
                report.findings.append(outcome.finding)
            report.reused += outcome.reused
            bar.update()
            yield clip, outcome.finding is None


def _note_single_clips(kept: list[Clip], report: Report) -> None:
    for subject, count in sorted(Counter(clip.subject for clip in kept).items()):
        if count == 1:
            clip = next(clip for clip in kept if clip.subject == subject)
            report.note("one_clip_subject", subject, f"only {clip.video}")


def _write_index(options: PrepareOptions, kept: Sequence[Clip], complete: bool) -> None:
    entries = []
    for clip in kept:
        label = label_of(clip.emotion, options.dataset, options.classes)
        assert label is not None, "find_clips keeps clips of the class set only"
        entries.append(
            Entry(
                clip.video,
                clip.subject,
                label,
                clip.emotion,
                len(clip.frames),
                clip.onset,
                clip.apex,
                clip.offset,
            )
        )
    index = Index(
        dataset=options.dataset,
        layout=options.layout,
        labels=class_names(options.dataset, options.classes),
        alignment=options.alignment,
        protocol=options.protocol,
        landmarks=options.landmarks.partition(":")[0],
        complete=complete,
        clips=tuple(entries),
    )
    write_index(options.out, index)

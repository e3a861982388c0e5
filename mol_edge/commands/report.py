"""A run's summary in words, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from mol_edge.commands.recording import Outcome
from mol_edge.results import EventKind, FaceState, WindowState
from mol_edge.summary import RunSummary
from mol_edge.windows import is_fast_enough

_MANY_DROPPED = 0.1
# What helps where a stage takes most of the time; "decode" is left out, a live source's is waiting.
_HELP = {
    "write": "take --no-video or --events-only",
    "infer": "take --no-flow, a faster device or a lower rate of the camera",
    "detect": "take the detector yunet, smaller pictures or a lower rate of the camera",
}
_HELP_ELSE = "take a faster device, smaller pictures or a lower rate of the camera"


def format_summary(
    outcome: Outcome, *, windows_ms: Sequence[float], trained: bool, most: int = 1
) -> str:
    """Frames, windows, events, classes, rate and milliseconds per stage, a line each.

    Args:
        outcome: how the run ended.
        windows_ms: lengths of the windows.
        trained: whether the classes mean something.
        most: how many faces were followed at a time.
    """
    summary = outcome.summary
    lines = [_frames(summary)]
    if summary.frames_with_several_faces:
        lines.append(
            f"several faces in {summary.frames_with_several_faces} of the frames, up to "
            f"{summary.most_faces} in one: the largest {'was' if most == 1 else f'{most} were'} "
            "taken"
        )
    if outcome.dropped:
        lines.append(_dropped(summary, outcome.dropped))
    unusable = _unusable(summary)
    if unusable:
        lines.append(unusable)
    # A result has the state of the first length alone.
    slow = [_is_slow(summary.measured_fps, window_ms) for window_ms in windows_ms]
    slow[0] |= not summary.measured_fps and summary.states[WindowState.CAMERA_TOO_SLOW] > 0
    lines += [_windows(summary, *each) for each in zip(windows_ms, slow)]
    lines.append(_events(summary))
    for window_ms in windows_ms:
        means = summary.within(window_ms)[1]
        if means:
            length = f" within {window_ms:g} ms" if len(windows_ms) > 1 else ""
            meaning = "" if trained else " (not learned: they mean nothing yet)"
            classes = ", ".join(f"{label} {value:.2f}" for label, value in means.items())
            lines.append(f"mean probabilities{length}{meaning}: {classes}")
    lines.append(_speed(summary, outcome.seconds))
    if outcome.incomplete is not None:
        kept = "; what was done is kept" if outcome.written else ""
        lines.append(f"INCOMPLETE: {outcome.incomplete.rstrip('.')}{kept}")
    return "\n".join(lines)


def _frames(summary: RunSummary) -> str:
    rate = f" ({summary.measured_fps:.1f}" if summary.source_fps else ""
    if rate:
        fewer = summary.pictures > summary.frames
        rate += f" of {summary.source_fps:.1f} per second)" if fewer else " per second)"
    frames = "1 frame" if summary.frames == 1 else f"{summary.frames} frames"
    return f"{frames}{rate}, {summary.frames_with_face} with a face"


def _dropped(summary: RunSummary, dropped: int) -> str:
    share = dropped / (summary.frames + dropped)
    text = f"{dropped} more were dropped, {share:.0%} of all, since newer ones came meanwhile"
    if share > _MANY_DROPPED:
        text += f": movements that fall into the gaps are missed{_what_helps(summary)}"
    return text


def _what_helps(summary: RunSummary) -> str:
    """The stage that takes most of the time, and what to do about it."""
    spent = {stage: ms for stage, ms in summary.stages_ms.items() if stage != "decode"}
    if not spent:
        return ""
    most = max(spent, key=spent.__getitem__)
    share = spent[most] / max(sum(spent.values()), 1e-9)
    return f"; {share:.0%} of the work is {most}, so {_HELP.get(most, _HELP_ELSE)}"


def _unusable(summary: RunSummary) -> str:
    """How often faces could not be measured, and why."""
    counts = {
        state: summary.face_states[state] for state in FaceState if state is not FaceState.TRACKED
    }
    told = [f"{state.value.replace('_', ' ')} {count}" for state, count in counts.items() if count]
    return f"faces not measured: {', '.join(told)}" if told else ""


def _events(summary: RunSummary) -> str:
    micro, macro = summary.events[EventKind.MICRO], summary.events[EventKind.MACRO]
    return f"{micro} micro-expression{'' if micro == 1 else 's'}, {macro} longer"


def _is_slow(fps: float, window_ms: float) -> bool:
    return fps > 0 and not is_fast_enough(window_ms, 1e9 / fps)


def _windows(summary: RunSummary, window_ms: float, slow: bool) -> str:
    count = summary.within(window_ms)[0]
    text = f"{count} clips of 8 samples within {window_ms:g} ms"
    if count == 0 and slow:
        text += _too_few(summary, window_ms)
    elif count == 0 and 1e3 * summary.unbroken_s < 1.2 * window_ms:
        text += (
            ": a face must be followed for about that long without a break, and the longest time "
            f"was {1e3 * summary.unbroken_s:.0f} ms"
        )
    return text


def _too_few(summary: RunSummary, window_ms: float) -> str:
    """Why there are too few frames for a window, and whose fault that is."""
    needed = f"{7000 / window_ms:.0f} frames per second are needed"
    if summary.pictures == summary.frames or _is_slow(summary.source_fps, window_ms):
        return f": the source's rate is too low, {needed}"
    return (
        f": {needed}, and of the source's {summary.source_fps:.1f} only "
        f"{summary.measured_fps:.1f} could be measured{_what_helps(summary)}"
    )


def _speed(summary: RunSummary, seconds: float) -> str:
    rate = summary.frames / seconds if seconds > 0 else 0.0
    stages = ", ".join(f"{stage} {value:.1f}" for stage, value in summary.stages_ms.items())
    return f"{seconds:.1f} s, {rate:.1f} frames per second; ms per frame: {stages}"

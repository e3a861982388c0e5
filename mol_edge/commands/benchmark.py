"""`mol-edge benchmark`: how fast and how right a bundle is here; `compare`: what became slower."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mol_edge.backends.base import MOST_THREADS
from mol_edge.commands.benchmark_progress import show_steps
from mol_edge.commands.exit_codes import DISAGREES, OK
from mol_edge.commands.interruption import unwinding
from mol_edge.commands.table import format_table
from mol_edge.commands.values import number, whole

if TYPE_CHECKING:
    from mol_edge.benchmark import BenchmarkOptions, Comparison, Report
    from mol_edge.benchmark.compare import Finding

_MOST_SECONDS = 86_400


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its arguments."""
    text = (
        "Measure a bundle on this machine: every device, precision and mode, with its accuracy; "
        "write benchmark.json, benchmark.md and card.html into a folder. `compare` holds two such "
        "JSON files against each other; exit code 1 if something became slower or less accurate."
    )
    parser = commands.add_parser("benchmark", help="measure this machine", description=text)
    _add_what(parser)
    _add_how(parser)
    parser.set_defaults(execute=_benchmark)
    actions = parser.add_subparsers(metavar="[compare A.json B.json]")
    comparing = actions.add_parser("compare", help="what became slower from A to B")
    comparing.add_argument("before", metavar="A.json", help="what is compared with")
    comparing.add_argument("after", metavar="B.json", help="what is judged")
    comparing.add_argument(
        "--least-change",
        metavar="PERCENT",
        type=number(above=0, below=100),
        default=5.0,
        help="default: 5",
    )
    comparing.set_defaults(execute=_compare)


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", metavar="DIR", help="model (default: the demo model)")
    parser.add_argument(
        "--device", metavar="NAME[,NAME…]", type=_words, default=(), help="default: all that work"
    )
    parser.add_argument(
        "--precision",
        metavar="NAME[,NAME…]",
        type=_words,
        default=(),
        help="default: all there are",
    )
    parser.add_argument(
        "--mode",
        metavar="NAME[,NAME…]",
        type=_words,
        help="clip, clip_fused, stream_flow, stream, preprocess, postprocess, pipeline "
        "(default: all)",
    )
    parser.add_argument(
        "--pace",
        metavar="NAME[,NAME…]",
        type=_words,
        help="back_to_back, camera (default: both)",
    )
    parser.add_argument(
        "--video",
        metavar="FILE",
        type=Path,
        help="what the pipeline is given (default: a face of the check set, from memory)",
    )
    parser.add_argument("--detector", metavar="NAME", help="yunet, haar, or a YuNet file")


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", type=Path, help="default: mol-edge-out/benchmark")
    parser.add_argument(
        "--quick", action="store_true", help="a look of a minute or two, for no comparison"
    )
    parser.add_argument("--rounds", metavar="N", type=whole(1), help="processes each (default: 16)")
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=number(above=0, most=_MOST_SECONDS),
        help="least time of each measurement in each process (default: 0.35)",
    )
    parser.add_argument(
        "--threads", metavar="N", type=whole(0, MOST_THREADS), default=0, help="0: automatic"
    )
    parser.add_argument(
        "--profile", choices=("latency", "shared"), default="latency", help="default: latency"
    )
    parser.add_argument(
        "--fps", type=number(above=0, most=1000), default=30.0, help="of the camera (default: 30)"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    # For the bar of `compare` itself: what it must find.
    parser.add_argument("--slow-down", type=float, default=1.0, help=argparse.SUPPRESS)


def _benchmark(arguments: argparse.Namespace) -> int:
    from mol_edge.benchmark import run_benchmark
    from mol_edge.benchmark.card import to_html
    from mol_edge.benchmark.markdown import to_markdown
    from mol_edge.benchmark.report import check_writable, write_whole
    from mol_edge.bundle import Bundle
    from mol_edge.errors import InputError
    from mol_edge.faces import open_detector
    from mol_edge.sources import open_source

    options = _options(arguments)
    if options.video is not None and not options.video.exists():
        raise InputError(f"There is no video {options.video}: check the path.")
    bundle = Bundle.default() if arguments.bundle is None else Bundle.open(arguments.bundle)
    out = arguments.out or Path("mol-edge-out") / "benchmark"
    # What cannot work must not be found out after minutes.
    check_writable(out)
    if arguments.detector:
        open_detector(arguments.detector)
    if options.video is not None:
        open_source(options.video).close()
    with unwinding(), show_steps(quiet=arguments.quiet) as on_step:
        report = run_benchmark(bundle, options, on_step)
    report.write(out / "benchmark.json")
    write_whole(out / "benchmark.md", to_markdown(report))
    write_whole(out / "card.html", to_html(report))
    print(format_report(report))
    print(f"\nWritten to {out}: card.html to look at, benchmark.md, benchmark.json to compare.")
    return OK


def _options(arguments: argparse.Namespace) -> BenchmarkOptions:
    from dataclasses import replace

    from mol_edge.benchmark import BenchmarkOptions
    from mol_edge.benchmark.modes import MODES

    options = BenchmarkOptions(
        devices=arguments.device,
        precisions=arguments.precision,
        modes=arguments.mode or MODES,
        threads=arguments.threads,
        profile=arguments.profile,
        fps=arguments.fps,
        video=arguments.video,
        detector=arguments.detector,
        slow_down=arguments.slow_down,
    )
    if arguments.quick:
        options = options.quick()
    if arguments.pace:
        options = replace(options, paces=arguments.pace)
    if arguments.rounds is not None:
        options = replace(options, rounds=arguments.rounds)
    if arguments.seconds is not None:
        options = replace(options, rule=options.rule.lasting(arguments.seconds))
    return options


def format_report(report: Report) -> str:
    """The figures that matter most, as a table for a terminal."""
    from mol_edge.benchmark.rows import (
        accuracy_cells,
        cautions,
        gaps,
        machine_line,
        measured_rows,
        ms,
    )

    head = ("device", "what", "median", "p90", "p99", "same class", "NME", "flow EPE")
    rows = [
        (
            row.name,
            row.what,
            *[
                f"{ms(row.result['latency_ms'][name])} ms"
                for name in ("median", "percentile_90", "percentile_99")
            ],
            *accuracy_cells(row.configuration["accuracy"]),
        )
        for row in measured_rows(report)
    ]
    notes = [f"! {text}" for text in cautions(report)]
    notes += [f"- not measured: {text}" for text in gaps(report)]
    return "\n".join([machine_line(report), format_table(head, rows), *notes])


def _compare(arguments: argparse.Namespace) -> int:
    from mol_edge.benchmark import Report, compare

    found = compare(
        Report.read(arguments.before),
        Report.read(arguments.after),
        arguments.least_change / 100,
    )
    print(format_comparison(found))
    return DISAGREES if found.regressions or found.losses else OK


def format_comparison(found: Comparison) -> str:
    """What differs, a table of changes, and an answer."""
    lines = []
    for kind in ("machine", "bundle", "settings", "versions"):
        lines += [f"different {kind}: {text}" for text in getattr(found.differences, kind)]
    head = ("device", "what", "before", "after", "change", "95% bounds", "verdict")
    lines += ["", format_table(head, [_finding_cells(each) for each in found.findings]), ""]
    lines += [f"! {text}" for text in found.notes]
    lines += [f"only before: {text}" for text in found.only_before]
    lines += [f"only after: {text}" for text in found.only_after]
    lines += [f"less accurate: {text}" for text in found.losses]
    if found.machine_ratio is not None:
        lines.append(
            "Changes are held against small matrix products beside each slice, whose own time "
            f"changed by {found.machine_ratio - 1:+.1%} from the first run to the second."
        )
    lines.append(_answer(found))
    return "\n".join(lines).strip()


def _finding_cells(each: Finding) -> tuple[str, ...]:
    change, bounds = "–", "too few processes"
    if each.change is not None:
        change = f"{each.change.ratio - 1:+.1%}"
        bounds = f"{each.change.low - 1:+.1%} to {each.change.high - 1:+.1%}"
    before, after = f"{each.before_ms:.3f} ms", f"{each.after_ms:.3f} ms"
    return each.name, each.what, before, after, change, bounds, each.verdict


def _answer(found: Comparison) -> str:
    unclear = sum(each.verdict == "unclear" for each in found.findings)
    rest = f"; {unclear} of {len(found.findings)} unclear" if unclear else ""
    if found.differences.machine:
        return f"DIFFERENT MACHINES: the changes are no regressions{rest}."
    if found.regressions:
        return f"SLOWER: {len(found.regressions)} of {len(found.findings)} results{rest}."
    if found.losses:
        return f"LESS ACCURATE, and no slower{rest}."
    if all(each.change is None for each in found.findings):
        return "UNCLEAR: too few undisturbed processes to tell; measure again, with more --rounds."
    if unclear == len(found.findings):
        return "UNCLEAR: too much noise to tell; measure on an idle machine, with more --rounds."
    return f"NO SLOWER{rest}."


def _words(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise argparse.ArgumentTypeError(f"must be names with commas between, got {text!r}")
    return words

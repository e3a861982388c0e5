"""`python -m export`: a checkpoint becomes a bundle; `show` prints one, `judge` measures one."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from export.arguments import export_parser, show_parser
from export.show import describe
from mol_edge.bundle import Bundle
from mol_edge.commands.ending import ended
from mol_edge.commands.interruption import unwinding
from mol_edge.errors import MissingExtraError

if TYPE_CHECKING:
    from export.options import ExportOptions
    from export.verification import Verification

BEYOND_TOLERANCE = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code (0 done, 1 beyond tolerance, 2 bad input)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    # Minutes of work say what they are at.
    logging.getLogger("export").setLevel(logging.INFO)
    try:
        with unwinding():
            return _run(given)
    except BaseException as error:
        code = ended("export", error)
        if code is None:
            raise
        return code


def _run(given: Sequence[str]) -> int:
    if given[:1] == ["show"]:
        options = show_parser().parse_args(given[1:])
        print(describe(Bundle.open(options.bundle, failed=True)))
        return 0
    if given[:1] == ["judge"]:
        return _judge(given[1:])
    if given[:1] == ["gate"]:
        return _gate(given[1:])
    return _export(export_parser().parse_args(given))


def _export(given: argparse.Namespace) -> int:
    with _needing("export", "The export"):
        # torch and onnx load for seconds
        from export.convert import convert_all
        from export.options import ExportOptions
        from export.precision.add import PrecisionOptions
        from export.precision.gate import Limits, refusals, table

    precision = PrecisionOptions(
        precisions=tuple(name.strip() for name in given.precision.split(",")),
        calibration=given.calibration,
        calibration_clips=given.calibration_clips,
        evaluation=given.evaluation,
        evaluation_clips=given.evaluation_clips,
        selection_clips=given.selection_clips,
        limits=Limits.parse(given.max_drop),
    )
    labels = tuple(name.strip() for name in given.classes.split(",")) if given.classes else None
    options = ExportOptions(
        labels=labels,
        mean=given.mean,
        scale=given.scale,
        window_ms=given.window_ms,
        alignment=given.alignment,
        neighbours=given.neighbours,
        name=given.name,
        openvino=given.openvino,
        fused=given.fused,
        half_storage=given.half_storage,
        tolerance=given.tolerance,
        trained=not given.untrained,
        precision=precision,
    )
    with _needing("train", "Calibrating and judging precisions"):
        converted = convert_all(given.checkpoint, given.output, options)
    verification, added = converted.verification, converted.added
    print(verification.table())
    print(f"Precision: {verification.precision}.")
    if not verification.passed:
        said, way_out = verification.failure()
        print(
            f"export: error: {said}: the bundle is not in {given.output} but in "
            f"{converted.folder}, for inspection with `python -m export show` alone; {way_out}.",
            file=sys.stderr,
        )
        return BEYOND_TOLERANCE
    print(f"{_passed(verification, options)}.")
    if added is not None:
        print(table(added.float32, added.judgements))
    if added is not None and not converted.passed:
        for refusal in refusals(added.judgements, given.output):
            print(f"export: error: {refusal}", file=sys.stderr)
        return BEYOND_TOLERANCE
    print(f"The bundle is in {given.output}.")
    return 0


def _passed(verification: Verification, options: ExportOptions) -> str:
    """That float32 agrees with PyTorch, and why to that much."""
    from export.options import STORED_WHOLE

    stored = ""
    if options.half_storage and options.tolerance is None:
        stored = f", which --half-storage allows since it rounds weights ({STORED_WHOLE:g} without)"
    others = "; the other precisions are judged by the gate" if options.precision.added else ""
    large = ", or what is said above of large outputs," if verification.grown else ""
    return f"fp32: all within {verification.tolerance:g}{large} of PyTorch{stored}{others}"


@contextmanager
def _needing(extra: str, purpose: str) -> Iterator[None]:
    """Say which extra a package comes with that is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(error.name), extra, purpose) from None


def _gate(given: Sequence[str]) -> int:
    with _needing("export", "Judging precisions"):
        from export.precision import again

    parser = argparse.ArgumentParser(
        prog="python -m export gate",
        description="Judge every precision of a bundle against its float32; what has lost too "
        "much is taken out of the manifest. Exit code 1 where something was.",
    )
    again.add_arguments(parser)
    said, failures = again.run(parser.parse_args(given))
    print(said)
    for failure in failures:
        print(f"export: error: {failure}.", file=sys.stderr)
    return BEYOND_TOLERANCE if failures else 0


def _judge(given: Sequence[str]) -> int:
    with _needing("train", "Judging a bundle"):
        from export import judge

    parser = argparse.ArgumentParser(
        prog="python -m export judge",
        description="Measure a bundle on clips it has not seen; the figures and a small check set "
        "are kept in it.",
    )
    judge.add_arguments(parser)
    print(judge.run(parser.parse_args(given)))
    return 0

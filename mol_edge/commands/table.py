"""Plain tables for terminals and logs."""

from __future__ import annotations

from collections.abc import Sequence


def format_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, two spaces apart, the last one unpadded.

    Example:
        >>> print(format_table(("device", "ms"), [("onnxruntime:cpu", "3.1")]))
        device           ms
        onnxruntime:cpu  3.1
    """
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows)]
    lines = []
    for row in (head, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)

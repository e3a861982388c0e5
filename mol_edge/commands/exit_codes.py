"""Exit codes of `mol-edge`."""

OK = 0
NOTHING_WORKS = 1
BAD_INPUT = 2
INCOMPLETE = 3
INTERRUPTED = 130

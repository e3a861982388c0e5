"""Processes that fail, hang or chatter."""

import json
import os
import sys

from mol_edge.benchmark.process import follow

_HANG = """
import json, os, time
print(json.dumps({"event": "x", "pid": os.getpid()}), flush=True)
time.sleep(600)
"""


def events(code, silence_s=20.0):
    return list(follow([sys.executable, "-c", code], "a job", os.environ, silence_s))


def test_lines_come_until_it_is_done():
    code = 'import sys; print(\'{"event": "x", "text": "\' + sys.stdin.read() + \'"}\');'
    code += 'print(\'{"event": "done"}\')'
    assert events(code) == [{"event": "x", "text": "a job"}, {"event": "done"}]


def test_a_process_that_dies_tells_its_last_words():
    (event,) = events("raise SystemError('out of luck')")
    assert event["event"] == "failed"
    assert "ended before it was done (SystemError: out of luck)" in event["reason"]


def test_a_process_that_hangs_is_killed():
    code = (
        "import json, time, os; print(json.dumps({'event': 'x', 'pid': os.getpid()}), flush=True)"
    )
    first, last = events(f"{code}; time.sleep(600)", silence_s=2.0)
    assert "said nothing for 2 s" in last["reason"]
    assert not os.path.exists(f"/proc/{first['pid']}") or _is_dead(first["pid"])


def _is_dead(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().split()[2] == "Z"


def test_a_reader_that_leaves_ends_the_process():
    code = (
        "import json, time, os; print(json.dumps({'event': 'x', 'pid': os.getpid()}), flush=True)"
    )
    stream = follow([sys.executable, "-c", f"{code}; time.sleep(600)"], "", os.environ, 20.0)
    pid = next(stream)["pid"]
    stream.close()
    assert not os.path.exists(f"/proc/{pid}") or _is_dead(pid)


def test_events_are_json_objects():
    assert json.dumps(events('print(\'{"event": "failed", "reason": "no"}\')')[0])

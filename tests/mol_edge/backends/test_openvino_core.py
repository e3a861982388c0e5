import subprocess
import sys

import pytest

pytest.importorskip("openvino")

PROGRAM = """
import ctypes, faulthandler, gc, re, sys, threading
from mol_edge import BackendOptions, Bundle, open_backend

class Stack(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]

def there():
    stack = Stack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    if stack.flags & 2:  # none is set
        return True
    for line in open("/proc/self/maps"):
        start, end, access = re.match(r"(\\w+)-(\\w+) (\\S+)", line).groups()
        if int(start, 16) <= stack.start < int(end, 16):
            return "w" in access
    return False

faulthandler.enable()
def opened():
    backend = open_backend(Bundle.open(sys.argv[1]), "openvino:CPU", BackendOptions())
    backend.outputs_of("features")
    return backend
first, second = opened(), opened()
for each in (first, second):
    each._opened("features")
del each
first.close()
del first
gc.collect()
second.close()
del second
gc.collect()
third = [opened()]
third[0]._opened("features")
thread = threading.Thread(target=lambda: (third.pop().close(), gc.collect()))
thread.start()
thread.join()
gc.collect()
print(there())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone has the maps")
def test_backends_that_go_in_any_order_leave_the_stack_of_signals_in_place(toy_folder):
    command = [sys.executable, "-c", PROGRAM, str(toy_folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "True", done.stderr

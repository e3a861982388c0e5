"""A fake of TensorRT's Python API: an engine is its ONNX graph. See ../README.md.

What real TensorRT would refuse, this refuses too: subclasses whose base was not initialised, an
address that was not set, a shape outside the profile, a damaged engine.
"""

import ctypes
import enum
import json

import numpy as np
import onnxruntime
from cuda.bindings import runtime as cuda

__version__ = "10.3.0"


class DataType(enum.Enum):
    FLOAT = "float32"
    HALF = "float16"
    INT8 = "int8"
    INT32 = "int32"
    INT64 = "int64"


_ORT = {
    "tensor(float)": DataType.FLOAT,
    "tensor(float16)": DataType.HALF,
    "tensor(int8)": DataType.INT8,
    "tensor(int32)": DataType.INT32,
    "tensor(int64)": DataType.INT64,
}


def nptype(kind):
    return np.dtype(kind.value).type


class Seen:
    """What was asked of the builder."""

    def __init__(self):
        self.builds = []
        self.network_flags = []
        self.cleared = []
        self.set = []
        self.timing = []
        self.refuses = None
        self.refuses_engines = False


seen = Seen()


class NetworkDefinitionCreationFlag(enum.IntEnum):
    EXPLICIT_BATCH = 0
    STRONGLY_TYPED = 1


class BuilderFlag(enum.Enum):
    FP16 = 0
    INT8 = 1
    TF32 = 6


class ILogger:
    class Severity(enum.IntEnum):
        INTERNAL_ERROR = 0
        ERROR = 1
        WARNING = 2
        INFO = 3
        VERBOSE = 4

    def __init__(self):
        self.initialised = True


class IProgressMonitor:
    def __init__(self):
        self.initialised = True


class Builder:
    def __init__(self, logger):
        assert logger.initialised
        self.logger = logger

    def create_network(self, flags=0):
        seen.network_flags.append(flags)
        return _Network()

    def create_builder_config(self):
        return _Config()

    def create_optimization_profile(self):
        return _Profile()

    def build_serialized_network(self, network, config):
        monitor = config.progress_monitor
        assert monitor.initialised
        monitor.phase_start("Building", None, 2)
        for step in range(2):
            if not monitor.step_complete("Building", step):
                return None
        monitor.phase_finish("Building")
        if seen.refuses == "build":
            self.logger.log(ILogger.Severity.ERROR, "no implementation for a node")
            return None
        (profile,) = config.profiles
        seen.builds.append(profile.shapes)
        config.cache.content += b"timed;"
        head = json.dumps(profile.shapes).encode()
        return b"FAKE" + len(head).to_bytes(4, "little") + head + network.onnx


class _Network:
    onnx = b""


class _Profile:
    def __init__(self):
        self.shapes = {}

    def set_shape(self, name, smallest, best, largest):
        assert smallest == best == largest, "the profile must be static"
        self.shapes[name] = list(best)


class _TimingCache:
    def __init__(self, content):
        self.content = bytes(content)

    def serialize(self):
        return self.content


class _Config:
    progress_monitor = None

    def __init__(self):
        self.profiles = []

    def clear_flag(self, flag):
        seen.cleared.append(flag)

    def set_flag(self, flag):
        seen.set.append(flag)

    def add_optimization_profile(self, profile):
        self.profiles.append(profile)
        return 0

    def create_timing_cache(self, content):
        seen.timing.append(bytes(content))
        return _TimingCache(content)

    def set_timing_cache(self, cache, ignore_mismatch):
        self.cache = cache
        return True


class _ParserError:
    def node(self):
        return 3

    def node_name(self):
        return "flow.det"

    def desc(self):
        return "no importer"


class OnnxParser:
    def __init__(self, network, logger):
        self.network = network

    @property
    def num_errors(self):
        return 1

    def get_error(self, index):
        return _ParserError()

    def parse(self, model):
        self.network.onnx = bytes(model)
        return seen.refuses != "parse"


class Runtime:
    def __init__(self, logger):
        assert logger.initialised
        self.logger = logger

    def deserialize_cuda_engine(self, content):
        if seen.refuses_engines or content[:4] != b"FAKE":
            seen.refuses_engines = False
            self.logger.log(ILogger.Severity.ERROR, "the engine is of another version")
            return None
        return _Engine(content)


class _Engine:
    def __init__(self, content):
        size = int.from_bytes(content[4:8], "little")
        self.profile = json.loads(content[8 : 8 + size])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            content[8 + size :], options, providers=["CPUExecutionProvider"]
        )
        self.kinds = {
            value.name: _ORT[value.type]
            for value in (*self.session.get_inputs(), *self.session.get_outputs())
        }

    def get_tensor_dtype(self, name):
        return self.kinds[name]

    def create_execution_context(self):
        if cuda.world.mallocs_left == 0:
            return None
        return _Context(self)


class _Context:
    def __init__(self, engine):
        self.engine, self.addresses, self.shapes = engine, {}, {}

    def set_input_shape(self, name, shape):
        self.shapes[name] = list(shape)
        return self.engine.profile[name] == list(shape)

    def set_tensor_address(self, name, address):
        self.addresses[name] = address
        return True

    def execute_async_v3(self, stream):
        assert isinstance(stream, int)
        addresses = dict(self.addresses)
        cuda.enqueue(lambda: self._execute(addresses))
        return True

    def _execute(self, addresses):
        cuda.world.executions += 1
        session, feeds = self.engine.session, {}
        for value in session.get_inputs():
            kind = np.dtype(self.engine.kinds[value.name].value)
            count = int(np.prod(self.shapes[value.name]))
            raw = (ctypes.c_uint8 * (count * kind.itemsize)).from_address(addresses[value.name])
            feeds[value.name] = np.frombuffer(raw, kind).reshape(self.shapes[value.name])
        names = [value.name for value in session.get_outputs()]
        for name, array in zip(names, session.run(names, feeds)):
            ready = np.ascontiguousarray(array)
            ctypes.memmove(addresses[name], ready.ctypes.data, ready.nbytes)

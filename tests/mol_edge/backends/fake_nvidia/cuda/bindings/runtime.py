"""A fake of `cuda.bindings.runtime`: the GPU's memory is the process's own. See ../../README.md."""

import ctypes
import enum


class cudaError_t(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorStreamCaptureUnsupported = 900


class cudaMemcpyKind(enum.IntEnum):
    cudaMemcpyDefault = 4


class cudaStreamCaptureMode(enum.IntEnum):
    cudaStreamCaptureModeThreadLocal = 1


class cudaDeviceAttr(enum.IntEnum):
    cudaDevAttrComputeCapabilityMajor = 75
    cudaDevAttrComputeCapabilityMinor = 76


cudaStreamNonBlocking = 1
_OK = cudaError_t.cudaSuccess


class World:
    """What the fake is told, and what it has seen."""

    def __init__(self):
        self.gpus = 1
        self.capability = (8, 7)
        self.memory = {}
        self.pinned = {}
        self.mallocs_left = None
        self.launches = 0
        self.copies = 0
        self.recording = None
        self.refuses_recording = False
        self.executions = 0


world = World()


def enqueue(work):
    """Do some work of the stream, or put it into the recording."""
    if world.recording is not None:
        world.recording.append(work)
    else:
        work()


def cudaGetDeviceCount():
    if world.gpus is None:
        return (cudaError_t.cudaErrorInsufficientDriver, None)
    return (_OK, world.gpus)


def cudaSetDevice(index):
    return (_OK,)


def cudaDeviceGetAttribute(kind, device):
    return (_OK, world.capability[kind - cudaDeviceAttr.cudaDevAttrComputeCapabilityMajor])


def cudaStreamCreateWithFlags(flags):
    return (_OK, 77)


def cudaStreamDestroy(stream):
    return (_OK,)


def cudaStreamSynchronize(stream):
    assert world.recording is None, "a recording must not wait"
    return (_OK,)


def _allocate(where, size):
    buffer = (ctypes.c_uint8 * size)()
    where[ctypes.addressof(buffer)] = buffer
    return (_OK, ctypes.addressof(buffer))


def cudaMalloc(size):
    assert world.recording is None, "a recording must not allocate"
    if world.mallocs_left is not None:
        if world.mallocs_left == 0:
            return (cudaError_t.cudaErrorMemoryAllocation, None)
        world.mallocs_left -= 1
    return _allocate(world.memory, size)


def cudaFree(address):
    del world.memory[address]
    return (_OK,)


def cudaMallocHost(size):
    return _allocate(world.pinned, size)


def cudaFreeHost(address):
    del world.pinned[address]
    return (_OK,)


def cudaMemcpyAsync(target, source, size, kind, stream):
    def copy():
        world.copies += 1
        ctypes.memmove(target, source, size)

    enqueue(copy)
    return (_OK,)


def cudaMemsetAsync(address, value, size, stream):
    enqueue(lambda: ctypes.memset(address, value, size))
    return (_OK,)


def cudaStreamBeginCapture(stream, mode):
    world.recording = []
    return (_OK,)


def cudaStreamEndCapture(stream):
    recording, world.recording = world.recording, None
    if world.refuses_recording:
        return (cudaError_t.cudaErrorStreamCaptureUnsupported, None)
    return (_OK, recording)


def cudaGraphInstantiate(graph, flags):
    return (_OK, graph)


def cudaGraphDestroy(graph):
    return (_OK,)


def cudaGraphExecDestroy(graph):
    return (_OK,)


def cudaGraphLaunch(graph, stream):
    world.launches += 1
    for work in graph:
        work()
    return (_OK,)

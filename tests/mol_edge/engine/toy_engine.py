"""Engines on the toy bundle, their crops by number, and what NumPy says they give."""

from collections import Counter

import numpy as np

from mol_edge.engine import EngineOptions
from mol_edge.errors import DeviceError
from tests import toy_bundle

MS = 1_000_000
PERIOD = 50 * MS
FRAMES = 60


class Counting:
    """A real backend that counts the frames each graph was run on, and can be made to fail."""

    def __init__(self, backend):
        self.backend, self.counts, self.fails = backend, Counter(), None

    def run_into(self, graph, inputs, outputs):
        if graph == self.fails:
            raise DeviceError("The device is gone: connect it.")
        self.counts[graph] += len(next(iter(inputs.values())))
        self.backend.run_into(graph, inputs, outputs)

    def outputs_of(self, graph):
        return self.backend.outputs_of(graph)


def options(**changes):
    return EngineOptions(**{"windows_ms": (350,), **changes})


def push(engine, crops, at, time=None, track_id=0):
    """Push frame `at` of one face, at 20 frames per second unless a time is given."""
    time = at * PERIOD if time is None else time
    return engine.push(crops[at % FRAMES][np.newaxis], [track_id], round(time), at)[0]


def expected_logits(crops, samples):
    return toy_bundle.logits(crops[[at % FRAMES for at in samples], np.newaxis])

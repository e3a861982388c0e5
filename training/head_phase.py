"""The phase of a run that fits the expression head: clips are taken in, the fit is at the end."""

from __future__ import annotations

from training.config import FitConfig
from training.device import Compute
from training.head_start import HeadStart
from training.loader import Batch
from training.state import TrainingState
from training.validation import normalised


class HeadPhase:
    """One such phase under way; see `training.options.Phase.fit_head`.

    What was taken in is not kept with the state: a run that was interrupted takes it in anew.

    Args:
        config: the run.
        state: goes on from its average; only its expression head changes.
        compute: where and with what numbers.
    """

    def __init__(self, config: FitConfig, state: TrainingState, compute: Compute) -> None:
        self._state, self._seed = state, config.run.seed
        state.start_from_average()
        state.model.eval()
        self._head = HeadStart(state.model, compute.precision, config.loss.label_smoothing)

    def take_in(self, batch: Batch) -> None:
        """Reduce one more batch of clips."""
        state = self._state
        clips = normalised(batch.frames, state.mean, state.scale, state.device)
        self._head.add(clips, batch.labels)

    def finish(self, epochs: int) -> None:
        """Fit the head to what was taken in, in the network and in its average."""
        self._head.fit(epochs, self._seed)
        if self._state.average:
            self._state.average.model.load_state_dict(self._state.model.state_dict())
        self._state.optimiser.state.clear()

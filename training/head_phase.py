"""The phase of a run that fits the expression head: clips are taken in, the fit is at the end."""

from __future__ import annotations

from training.config import FitConfig
from training.device import Compute
from training.head_start import HeadStart
from training.loader import Batch
from training.options import Phase
from training.state import TrainingState
from training.validation import normalised


class HeadPhase:
    """One such phase under way; see `training.options.Phase.fit_head`.

    What was taken in is not kept with the state: a run that was interrupted takes it in anew.

    Args:
        config: the run.
        phase: which says for how long the head is fitted.
        state: goes on from its average; only its expression head changes.
        compute: where and with what numbers.
    """

    def __init__(
        self, config: FitConfig, phase: Phase, state: TrainingState, compute: Compute
    ) -> None:
        self._state, self._phase, self._seed = state, phase, config.run.seed
        state.start_from_average()
        state.model.eval()
        smoothing = config.loss.label_smoothing
        self._head = HeadStart(state.model, compute.precision, smoothing, phase.fit_dropout)

    def take_in(self, batch: Batch) -> None:
        """Reduce one more batch of clips."""
        state = self._state
        clips = normalised(batch.frames, state.mean, state.scale, state.device)
        self._head.add(clips, batch.labels)

    def finish(self) -> None:
        """Fit the head to what was taken in, in the network and in its average."""
        self._head.fit(self._phase.fit_head, self._seed)
        if self._state.average:
            self._state.average.model.load_state_dict(self._state.model.state_dict())
        self._state.optimiser.state.clear()

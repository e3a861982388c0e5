import math

import numpy as np
import pytest
import torch

from training.forward import Outputs
from training.losses import (
    NO_LABEL,
    Truth,
    flow_loss,
    flow_weights,
    joint_loss,
    landmark_loss,
    without_similarity,
)
from training.metrics import best_similarity
from training.options import LossOptions


def face(scale: float = 1.0) -> torch.Tensor:
    """Points with a pupil distance of 40 · scale."""
    points = torch.zeros(68, 2)
    points[36:42], points[42:48] = torch.tensor([10.0, 0.0]), torch.tensor([50.0, 0.0])
    return points * scale


def test_landmark_loss_is_the_l1_error_by_pupil_distance():
    truth = torch.stack([face(), face(2.0)])
    predicted = truth + torch.tensor([1.0, -3.0])
    # 4 / 40 for the first frame, 4 / 80 for the second.
    assert landmark_loss(predicted, truth).item() == pytest.approx((0.1 + 0.05) / 2)


def test_frames_without_landmarks_take_no_part():
    truth = torch.stack([face(), torch.full((68, 2), math.nan)])
    predicted = (truth.nan_to_num(5.0) + 2.0).requires_grad_()
    loss = landmark_loss(predicted, truth)
    loss.backward()
    assert loss.item() == pytest.approx(0.1)
    assert predicted.grad is not None
    assert torch.isfinite(predicted.grad).all()
    assert (predicted.grad[1] == 0).all()


def test_a_similarity_is_taken_off_and_only_that():
    axis = torch.arange(32.0) - 15.5
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    similarity = torch.stack([0.3 + 0.02 * x - 0.01 * y, -0.2 + 0.01 * x + 0.02 * y])
    assert without_similarity(similarity).abs().max() < 1e-5
    bump = torch.zeros(2, 32, 32)
    bump[0, 8:12, 8:12] = 1.0
    rest = without_similarity((similarity + bump)[None])[0]
    expected = bump - torch.from_numpy(best_similarity(bump.numpy(), np.ones((32, 32), bool)))
    assert torch.allclose(rest.double(), expected, atol=1e-5)


def test_moving_pixels_and_the_face_count_more():
    flow = torch.zeros(1, 1, 2, 32, 32)
    flow[..., 1, 4:6, 4:6] = 2.0
    mask = torch.zeros(1, 32, 32, dtype=torch.bool)
    mask[:, :16] = True
    weights = flow_weights(flow, mask, LossOptions(moving=4.0, background=0.25))
    assert weights[0, 0, 5, 5] == 5.0
    assert weights[0, 0, 12, 20] == 1.0
    assert weights[0, 0, 30, 20] == 0.25


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("mse", 12.5), ("epe", 5.0), ("charbonnier", math.sqrt(25 + 1e-4) - 0.01)],
)
def test_flow_loss(kind, expected):
    truth = torch.zeros(1, 1, 2, 4, 4)
    predicted = truth + torch.tensor([3.0, 4.0])[:, None, None]
    predicted[..., 2:, :] = 0
    weights = torch.ones(1, 1, 4, 4)
    weights[..., 2:, :] = 0
    assert flow_loss(predicted, truth, weights, kind).item() == pytest.approx(expected)


def test_joint_loss_is_the_weighted_sum():
    out = Outputs(
        logits=torch.tensor([[0.0, 0.0], [5.0, 0.0]]),
        flow=torch.full((2, 1, 2, 128, 128), 0.5),
        landmarks=(face() + 1.0).expand(2, 7, 68, 2),
        seen=torch.arange(1, 8).expand(2, 7),
        stills=(face() + 3.0)[None],
    )
    truth = Truth(
        labels=torch.tensor([1, NO_LABEL]),
        flow=torch.zeros(2, 1, 2, 128, 128),
        face=torch.ones(2, 128, 128, dtype=torch.bool),
        landmarks=face().expand(2, 8, 68, 2),
        stills=face()[None],
    )
    options = LossOptions(expression=1.0, flow=10.0, landmarks=0.5)
    losses = joint_loss(out, truth, options, torch.ones(2))
    assert losses.expression.item() == pytest.approx(math.log(2))
    assert losses.flow.item() == pytest.approx(0.25)
    assert losses.landmarks.item() == pytest.approx((14 * 0.05 + 0.15) / 15)
    expected = losses.expression + 10 / 7 * losses.flow + 0.5 * losses.landmarks
    assert losses.total.item() == pytest.approx(expected.item())


def test_landmarks_are_compared_with_the_frames_that_were_seen():
    marks = face() + torch.arange(8.0)[:, None, None]
    seen = torch.tensor([[3, 6]])
    out = Outputs(None, None, marks[seen[0]][None] + 1.0, seen, None)
    empty = torch.zeros(1, 0, 2, 128, 128)
    truth = Truth(
        torch.tensor([0]), empty, torch.ones(1, 128, 128), marks[None], torch.zeros(0, 68, 2)
    )
    losses = joint_loss(out, truth, LossOptions(landmarks=1.0), torch.ones(2))
    assert losses.total.item() == pytest.approx(2 / 40)

"""Evaluation of a checkpoint or a bundle: classes, flow and landmarks, with pictures."""

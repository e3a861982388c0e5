"""Precisions below float32: typed half, quantized, each measured before it is let into a bundle."""

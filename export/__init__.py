"""From a training checkpoint to a verified bundle (runs from a checkout; needs torch and onnx)."""

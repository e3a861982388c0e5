"""From a training checkpoint to a verified bundle (runs from a checkout; needs torch and onnx)."""

from mol_edge.commands.ending import end_in_words

end_in_words("export", "export")

"""The training side of mol-edge: the network, its data, training and evaluation (needs torch)."""

from mol_edge.commands.ending import end_in_words

end_in_words("training", "train")

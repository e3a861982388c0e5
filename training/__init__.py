"""The training side of mol-edge: the network, its data, training and evaluation (needs torch)."""

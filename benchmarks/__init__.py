"""Side by side with what a user would pick instead; run from a checkout."""

from mol_edge.commands.ending import end_in_words

end_in_words("benchmarks", "train,export")

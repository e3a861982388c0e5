"""The commands of `mol-edge`: each module adds its arguments and has a `run`."""

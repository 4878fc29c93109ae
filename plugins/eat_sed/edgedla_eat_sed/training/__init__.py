"""Training: everything that `edgedla train eat_sed` needs and nothing that building or running does."""

STATE = "state.safetensors"
"""In a run folder: what a training is resumed from."""

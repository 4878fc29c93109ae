"""Templates of `edgedla new model` for what a target plugin does not have."""

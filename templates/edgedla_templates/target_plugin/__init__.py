"""Templates of `edgedla new target` for what a model plugin does not have."""

"""Training: everything that `edgedla train eat_sed` needs and nothing that building or running does."""

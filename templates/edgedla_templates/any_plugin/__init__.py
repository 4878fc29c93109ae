"""Templates of `edgedla new` for the files that every plugin has."""

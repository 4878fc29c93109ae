"""A plugin distribution that works before a line of it is changed, for `edgedla new`."""

"""The page of `edgedla report`."""

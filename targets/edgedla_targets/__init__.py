"""The targets that come with edgedla; each module is a plugin of its own."""

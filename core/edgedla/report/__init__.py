"""One page about a bundle: what was measured, what was not and how to, and the sounds themselves."""

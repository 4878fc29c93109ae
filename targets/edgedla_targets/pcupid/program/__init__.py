"""The board program: its sources generated, compiled, and run on an emulated board."""

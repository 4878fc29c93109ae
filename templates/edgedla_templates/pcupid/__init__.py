"""Templates of the pcupid target; a file of the same name in the user's template folder is taken instead."""

"""The stages of a build, one function in a file of its name: context in, outcome out."""

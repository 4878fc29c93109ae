"""What a recogniser's columns spell (connectionist temporal classification, the likeliest path)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

BLANK = 0  # class of a column that begins no character; the dictionary's follow, and a space is the last one
MORE_CLASSES = 2  # than characters in the dictionary: these two


def read(columns: npt.NDArray[np.float32], characters: Sequence[str]) -> Reading:
    """The text of `columns` (time, class), and the mean probability of the columns that its characters begin.

    A class that goes on over several columns is one character; blanks part two of the same.
    """
    best = columns.argmax(axis=1)
    begins = best != BLANK
    begins[1:] &= best[1:] != best[:-1]
    if not begins.any():
        return Reading(text="", score=0.0)
    names = [*characters, " "]
    text = "".join(names[number - 1] for number in best[begins])
    return Reading(text=text, score=min(1.0, float(columns.max(axis=1)[begins].mean())))

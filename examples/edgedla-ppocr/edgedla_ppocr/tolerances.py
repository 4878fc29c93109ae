"""How far apart the rungs may be.

Both networks end in probabilities, at whose steps a difference in the last bit of what comes before is a
thousand times as large: rungs that only round otherwise are held to EXACT (measured: 0.0002 at most). After
quantisation single pixels at the edge of a word may be as wrong as can be without any harm to its box, and
there are no classes to count. What is left is noise, and is judged as such.
"""

from __future__ import annotations

from edgedla import Tolerance

EXACT = Tolerance(max_abs=1e-3)


def tolerances(fixed_snr: float) -> dict[str, Tolerance]:
    """By rung; `fixed_snr` is the least signal-to-noise ratio in dB of the quantised network."""
    fixed = Tolerance(max_abs=None, snr_db=fixed_snr)
    return {"simplified": EXACT, "safe": EXACT, "float": EXACT, "fixed": fixed}

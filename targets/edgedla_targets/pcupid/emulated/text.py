"""The simulator's result files in the dialect of S1.0.9: two blanks as separator, sixteen values per line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from edgedla.runner import Feed

PER_LINE = 16
TOP = 5


def tensor(name: str, values: npt.NDArray[Any], *, aligned: bool) -> str:
    """One tensor of a result of category Unknown; `aligned` adds the second shape of fixed networks."""
    shape = f"[{' '.join(map(str, values.shape))}]"
    head = f"tensor dim:{values.ndim},  Original shape:{shape}"
    if aligned:
        head += f",  Alignment shape:{shape}\nThe following tensor data shape is alignment shape."
    return f"{name} Tensor:\n{{\n{head}\ntensor data:\n{_numbers(values)}}}\n\n"


def _numbers(values: npt.NDArray[Any]) -> str:
    parts = [f"{value:.6f}  " for value in values.ravel().tolist()]
    rows = range(0, len(parts), PER_LINE)
    return "".join("".join(parts[start : start + PER_LINE]) + "\n" for start in rows)


def classification(sample: str, results: Feed) -> str:
    """A result of category Classification: the sample, then the five best of all outputs' elements."""
    flat = np.concatenate([values.ravel() for values in results.values()])
    best = np.argsort(-flat, kind="stable")[:TOP]
    return f"{sample}\n" + "".join(f"{index} {flat[index]:.6f}\n" for index in best.tolist())

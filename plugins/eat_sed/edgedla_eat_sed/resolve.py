"""Options and a checkpoint's settings made one: what either says, once, and where both speak, the same."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from edgedla.errors import UsageError
from edgedla_eat_sed import labels
from edgedla_eat_sed.config import read_config
from edgedla_eat_sed.settings import PRESETS, EatOptions, NetSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgedla_eat_sed.checkpoint import Checkpoint

DECIDED = frozenset({*NetSettings.model_fields, "sampling_rate"})
"""Keys that a checkpoint's settings decide. Whatever else upstream writes there belongs to the training."""
MODEL_TYPE = "SoundNetRaw"
NAMED = {"esc10": labels.ESC10, "esc50": labels.ESC50}


def resolve_options(options: EatOptions, checkpoint: Checkpoint) -> EatOptions:
    """`options` with everything filled in that the checkpoint decides, class names included.

    Raises:
        UsageError: A setting is malformed or contradicts an option, or the names do not fit the classes.
    """
    config = _config(checkpoint)
    settled = _settled(options, config, checkpoint)
    _check_agreement(options, settled, DECIDED & options.model_fields_set, checkpoint)
    names = _class_names(options, settled.n_classes, config, checkpoint)
    found = {
        "class_names": names,
        # Spent once the names are known: what is kept must not need a file, nor hold its path.
        "labels": "",
        "licence": options.licence or str(config.get("licence", "")) or _implied_licence(names),
    }
    return _validated(settled.model_dump() | found, checkpoint)


def check_options(options: EatOptions, checkpoint: Checkpoint) -> None:
    """Raise UsageError where resolved `options` are not those of this checkpoint."""
    _check_agreement(options, _settled(options, _config(checkpoint), checkpoint), DECIDED, checkpoint)


def generic_names(n_classes: int) -> tuple[str, ...]:
    """Names for classes that nobody named."""
    return tuple(f"class_{index}" for index in range(n_classes))


def _implied_licence(names: tuple[str, ...]) -> str:
    """What has to be taken for granted where nobody says it."""
    return labels.ESC50_LICENCE if names == labels.ESC50 else ""


def _config(checkpoint: Checkpoint) -> dict[str, Any]:
    config = read_config(checkpoint.config) if checkpoint.config else {}
    if (found := config.get("model_type", MODEL_TYPE)) != MODEL_TYPE:
        raise UsageError(f"{checkpoint.config}: model_type is {found!r}, eat_sed runs {MODEL_TYPE!r}")
    return config


def _settled(options: EatOptions, config: dict[str, Any], checkpoint: Checkpoint) -> EatOptions:
    decided = {key: value for key, value in config.items() if key in DECIDED}
    return _validated(options.model_dump() | decided, checkpoint)


def _validated(values: dict[str, Any], checkpoint: Checkpoint) -> EatOptions:
    try:
        # Strict: in a settings file neither `true` nor `"16"` is a number.
        return EatOptions.model_validate(values, strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        where = f"{checkpoint.config or checkpoint.weights}: "
        found = f", found {_short(problem['input'])}" if key else ""
        raise UsageError(f"{where}{key and f'{key}: '}{problem['msg']}{found}") from error


def _short(value: object) -> str:
    return shorten(repr(value), 60, placeholder=" …")


def _check_agreement(
    options: EatOptions, settled: EatOptions, keys: Iterable[str], checkpoint: Checkpoint
) -> None:
    for key in sorted(keys):
        asked, found = getattr(options, key), getattr(settled, key)
        if asked != found:
            given = "size" if key in PRESETS.get(options.size, {}) else key
            raise UsageError(
                f"the option {key} is {asked}, but {checkpoint.config} says {found}",
                hint=f"leave out eat_sed.{given}; the checkpoint decides it",
            )


def _class_names(
    options: EatOptions, n_classes: int, config: dict[str, Any], checkpoint: Checkpoint
) -> tuple[str, ...]:
    """Names by option, else from beside the checkpoint, else from its settings, else generic ones."""
    names, source = _given_names(options, checkpoint)
    if not source:
        return _configured_names(config, n_classes)
    if len(names) != n_classes:
        raise UsageError(f"{source} has {len(names)} class names, the network has n_classes {n_classes}")
    return names


def _given_names(options: EatOptions, checkpoint: Checkpoint) -> tuple[tuple[str, ...], str]:
    if options.labels and options.class_names:
        raise UsageError("the options labels and class_names say the same: give one of them")
    if options.class_names:
        return options.class_names, "the option class_names"
    if options.labels in NAMED:
        return NAMED[options.labels], f"labels={options.labels}"
    path = Path(options.labels) if options.labels else checkpoint.labels
    return (labels.read_labels(path), str(path)) if path else ((), "")


def _configured_names(config: dict[str, Any], n_classes: int) -> tuple[str, ...]:
    if "class_names" in config:
        names: tuple[str, ...] = config["class_names"]  # unchecked until all options are validated
        return names
    known = NAMED.get(str(config.get("dataset", "")).lower().replace("-", ""), ())
    return known if len(known) == n_classes else generic_names(n_classes)

"""What `edgedla doctor` says of compilers, emulated boards and the configured SDK."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla.errors import EdgedlaError
from edgedla.spec import Check
from edgedla_targets.pcupid.program.compilers import MACHINES, cross, emulated, native
from edgedla_targets.pcupid.program.find_sdk import shape
from edgedla_targets.pcupid.program.sdk import OPTIONAL, library_files
from edgedla_targets.pcupid.program.stage import customer_sdk

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgedla_targets.pcupid.options import PcupidOptions


def diagnose(options: PcupidOptions) -> list[Check]:
    """Each emulated board and what it needs; the SDK, if one is configured."""
    found = [_checked("emulated:native", lambda: native(Path()).identity)]
    found += [_checked(f"emulated:{machine}", partial(_emulated, machine)) for machine in MACHINES]
    if options.sdk or options.cross_compile:
        found += _sdk(options)
    return found


def _emulated(machine: str) -> str:
    compiler = emulated(machine, Path())
    return ", ".join((compiler.identity, *compiler.launcher))


def _sdk(options: PcupidOptions) -> list[Check]:
    found = [_checked("cross compiler", lambda: cross(options.cross_compile).identity)]
    if not options.sdk:
        return found
    try:
        sdk = customer_sdk(options)
    except EdgedlaError as error:
        return [*found, Check(what="sdk", status="missing", detail=error.message, hint=error.hint or "")]
    headers = shape(sdk.sdk.include)
    silent = "--set pcupid.sdk_defines=EDLA_SYS_SOC_ID=1 where MI_SYS_Init takes a number, else =0"
    found.append(
        Check(
            what="sdk headers",
            status="ready",
            detail=f"{headers}, in {sdk.sdk.include}",
            hint=silent if headers.soc_id is None else "",
        )
    )
    links = [file.name for name in sdk.sdk.links for file in library_files(sdk.sdk.libraries, name)[:1]]
    without = [name for name in OPTIONAL if not sdk.sdk.has(name)]
    detail = f"{', '.join(links)} in {sdk.sdk.libraries}"
    if without:
        detail += f"; without {', '.join(without)}, which the oldest SDKs lack"
    return [*found, Check(what="sdk libraries", status="ready", detail=detail, hint=sdk.note)]


def _checked(what: str, find: Callable[[], str]) -> Check:
    try:
        return Check(what=what, status="ready", detail=find())
    except EdgedlaError as error:
        return Check(what=what, status="missing", detail=error.message, hint=error.hint or "")

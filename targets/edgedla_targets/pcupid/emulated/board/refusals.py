"""How the emulated board says no: the error codes of MI_IPU that it returns, and the two ways to refuse."""

from __future__ import annotations

from enum import IntEnum

SYS_FAILED = -1  # what MI_SYS calls return; their own numbers are not public


class Code(IntEnum):
    """Numbers of IPU_ErrCode_e, without their prefix."""

    INVALID_CHNID = 1
    CHNID_UNEXIST = 3
    NOMEM = 4
    NOBUF = 5
    BADADDR = 6
    FILE_OPERATION = 8
    ILLEGAL_TENSOR_BUFFER_SIZE = 9
    ILLEGAL_BUFFER_DEPTH = 10
    ILLEGAL_INPUT_OUTPUT_DESC = 11
    ILLEGAL_INPUT_OUTPUT_PARAM = 12
    INVOKE = 17
    NO_CREATED_IPU_DEVICE = 21
    FAILED = 25
    INVALID_TASK_PRIORITY = 31
    INVALID_BATCH_NUM = 37
    BATCH_TYPE = 38
    INVALID_MODEL_BUFFER = 44
    INVALID_VARIABLE_BUFFER = 45
    BAD_PHY_ADDR_ALIGNMENT = 52
    MISMATCH_INVOKE_FUNC = 53
    MISMATCH_MODEL = 54
    NO_AVAILABLE_CHNID = 256


NEW = 3  # SYS_MAJOR_VERSION of the newer headers
OLD_FAILED = 22  # FAILED in the oldest headers, which know no larger number


def number(code: int, sys_version: int) -> int:
    """An error code as the headers of this major version of MI_SYS number it."""
    if sys_version < NEW and code > Code.NO_CREATED_IPU_DEVICE:
        return OLD_FAILED
    return code


class Refused(Exception):  # noqa: N818 - a refusal, not a failure of the emulator
    """A call that the board cannot do, and why; nothing wrong with the program."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Misuse(Refused):
    """A call that a correct program does not make."""

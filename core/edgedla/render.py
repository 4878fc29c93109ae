"""Text from Jinja templates: strict, sandboxed, the same for the same values; C, ini and HTML."""

from __future__ import annotations

import math
import re
import struct
import traceback
from functools import partial
from typing import TYPE_CHECKING

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from jinja2 import BaseLoader, Environment

# C99 and C11, what C23 turned from macros into keywords, and `asm`. The words that begin with an underscore
# (`_Bool`, `_Generic`) are left out: no identifier made here begins with one.
RESERVED = frozenset(
    re.findall(
        r"\w+",
        "auto break case char const continue default do double else enum extern float for goto if inline int "
        "long register restrict return short signed sizeof static struct switch typedef union unsigned void "
        "volatile while alignas alignof asm bool constexpr false nullptr static_assert thread_local true "
        "typeof typeof_unqual NULL",
    )
)

HTML = ".html.j2"

# Controls, marks that turn the direction of text, line and paragraph separators, halves of characters.
UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def render(
    template: str,
    values: Mapping[str, object],
    *,
    package: str,
    override: Path | None = None,
    configure: Callable[[Environment], None] | None = None,
) -> str:
    """The text of a template with these values.

    Args:
        template: Name within the package, as `main.c.j2`; in `page.html.j2` all values are escaped.
        values: What the template may name. Hand over plain data: what an object can do, a template can.
        package: Importable package whose folder holds the templates.
        override: The user's folder, whose templates are taken before the package's.
        configure: Adds filters or tests.

    Raises:
        UsageError: A template of `override` is wrong: file, line and reason. What a packaged template
            gets wrong is a bug and passes as it is.
    """
    from jinja2 import ChoiceLoader, FunctionLoader, PackageLoader

    loaders: list[BaseLoader] = [PackageLoader(package, package_path="")]
    own: list[str] = []
    if override is not None:
        if not override.is_dir():
            raise UsageError(f"the template folder {override} does not exist")
        loaders.insert(0, FunctionLoader(partial(_read_override, override, own)))
    env = environment(ChoiceLoader(loaders), html=template.endswith(HTML))
    if configure is not None:
        configure(env)
    try:
        return env.get_template(template).render(values)
    except Exception as error:
        place = _place(error, own)
        if not place:
            raise
        hint = error.hint if isinstance(error, UsageError) else None
        raise UsageError(f"{place}: {_reason(error)}", hint=hint) from error


def environment(loader: BaseLoader | None = None, *, html: bool = False) -> Environment:
    """A sandbox in which an undefined name is an error and nothing depends on chance.

    It keeps templates from Python's insides and from ranges over 100,000; time and memory it does not limit.
    With `html` every value is escaped, and what a browser would hide in it made visible.
    """
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    env = ImmutableSandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=html,  # C and ini have filters of their own
        finalize=visible if html else None,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    del env.globals["lipsum"], env.filters["random"]
    for each in (c_identifier, c_string, c_float, ini_value):
        env.filters[each.__name__] = each
    return env


def c_identifier(text: object) -> str:
    """A legal C identifier: no keyword, no leading underscore (those are the implementation's).

    Letters outside ASCII become their code point, so that labels stay apart.

    >>> template = "enum { {{ label | c_identifier }} };"
    >>> environment().from_string(template).render(label="dog bark")
    'enum { dog_bark };'
    >>> [c_identifier(text) for text in ("int", "3d", "_x", "", "Bär")]
    ['int_', 'x_3d', 'x_x', 'x_', 'Bu00e4r']
    """
    name = re.sub(r"[^A-Za-z0-9_]", _legal, str(text))
    if not re.match("[A-Za-z]", name):
        name = f"x_{name.removeprefix('_')}"
    return f"{name}_" if name in RESERVED else name


def c_string(text: object) -> str:
    r"""A C string literal, quotes included; UTF-8, what is not printable ASCII as octal escapes.

    Octal, because a hexadecimal escape would swallow digits that follow it; `?` after `?` is escaped
    because `??=` and its like are trigraphs.

    >>> template = "puts({{ label | c_string }});"
    >>> print(environment().from_string(template).render(label='say "hi"'))
    puts("say \"hi\"");
    >>> print(c_string("Bär\n"), c_string("what??="), c_string("C:\\"))
    "B\303\244r\n" "what?\?=" "C:\\"

    Raises:
        UsageError: The text is no Unicode, as a file name of broken bytes.
    """
    try:
        content = str(text).encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{text!r} cannot be written as a C string: {error.reason}") from error
    escaped = "".join(_escape(byte) for byte in content)
    return '"' + re.sub(r"(?<=\?)\?", r"\\?", escaped) + '"'


def c_float(value: float) -> str:
    """A C `float` literal of nine significant digits, from which every float32 is read back unchanged.

    >>> template = "static const float threshold = {{ threshold | c_float }};"
    >>> environment().from_string(template).render(threshold=0.5)
    'static const float threshold = 0.5f;'
    >>> [c_float(number) for number in (1, -0.0, 1 / 3, 1e-20)]
    ['1.0f', '-0.0f', '0.333333333f', '1e-20f']

    Raises:
        UsageError: C has no literal for it: not a number, infinite, or larger than any `float`.
    """
    number = float(value)
    try:
        finite = math.isfinite(struct.unpack("<f", struct.pack("<f", number))[0])
    except OverflowError:
        finite = False
    if not finite:
        raise UsageError(f"{number} cannot be written as a C float")
    digits = f"{number:.9g}"
    return f"{digits}f" if "." in digits or "e" in digits else f"{digits}.0f"


def ini_value(value: object) -> str:
    """A value for an ini file, unchanged, if every ini parser reads it back unchanged.

    >>> template = "training_input_formats = {{ formats | ini_value }}"
    >>> environment().from_string(template).render(formats="RAWDATA_S16_NHWC")
    'training_input_formats = RAWDATA_S16_NHWC'

    Raises:
        UsageError: It begins or ends with a blank, or holds `;`, `#`, a line end or other control character.
    """
    text = str(value)
    if text != text.strip():
        raise UsageError(f"{text!r} cannot be an ini value: it begins or ends with a blank")
    if bad := re.search(r"[;#\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise UsageError(f"{text!r} cannot be an ini value: it holds {bad[0]!r}")
    return text


def visible(value: object) -> object:
    r"""A value for a page: characters that would be hidden, reorder the text or are none, written out.

    >>> template = "<b>{{ label }}</b>"
    >>> environment(html=True).from_string(template).render(label="<i>\u202e\x00")
    '<b>&lt;i&gt;\\u202e\\x00</b>'
    """
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    return UNSEEN.sub(lambda found: repr(found[0])[1:-1], value)


def _legal(found: re.Match[str]) -> str:
    return "_" if found[0].isascii() else f"u{ord(found[0]):04x}"


def _escape(byte: int) -> str:
    named = {ord('"'): r"\"", ord("\\"): r"\\", ord("\n"): r"\n"}
    return named.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")  # noqa: PLR2004 - ASCII


def _read_override(folder: Path, own: list[str], name: str) -> tuple[str, str, None] | None:
    from jinja2.loaders import split_template_path

    path = folder.joinpath(*split_template_path(name))  # refuses `..`
    if not path.is_file():
        return None
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot read the template {path}: {error}") from error
    own.append(str(path))
    return text, str(path), None


def _reason(error: Exception) -> str:
    from jinja2 import TemplateNotFound

    if isinstance(error, TemplateNotFound):
        return f"there is no template '{error.name}'"
    return str(error) or type(error).__name__


def _place(error: Exception, own: list[str]) -> str:
    """File and line of the user's template in which it happened; empty where it was none of his."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename in own:
            return f"{frame.filename}:{frame.lineno}"
    gave_up = isinstance(error, RecursionError | SyntaxError)  # nested so deeply that no line is known
    return own[-1] if own and gave_up else ""

"""Templates: what they see, what they cannot do, and filters whose results are read back by a C compiler."""

from __future__ import annotations

import configparser
import doctest
import os
import random
import re
import shutil
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

import edgedla.render
from edgedla.errors import UsageError
from edgedla.render import c_float, c_identifier, c_string, environment, ini_value, render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jinja2 import Environment

PACKAGE = "packaged_templates_of_test_render"
MAIN = """\
{% for number in numbers %}
    {% if number > 1 %}
{{ number }}
    {% endif %}
{% endfor %}
{% include 'foot.txt.j2' %}
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A template package as a target brings it."""
    folder = tmp_path / "site" / PACKAGE
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "main.txt.j2").write_text(MAIN)
    (folder / "foot.txt.j2").write_text("packaged foot")
    (folder / "broken.txt.j2").write_text("one\n{{ undefined_name }}\n")
    (folder / "syntax.txt.j2").write_text("{% if %}")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    return PACKAGE


def test_html_escapes_every_value_and_shows_what_is_hidden(package: str, tmp_path: Path) -> None:
    folder = tmp_path / "site" / package
    (folder / "page.html.j2").write_text(
        "{% import 'bits.html.j2' as bits %}<a title=\"{{ text }}\">{{ text }}</a>{{ bits.bold(text) }}"
    )
    (folder / "bits.html.j2").write_text("{% macro bold(text) %}<b>{{ text }}</b>{% endmacro %}")
    found = render("page.html.j2", {"text": "<i>'\"&\u202e\0\ud800"}, package=package)
    safe = "&lt;i&gt;&#39;&#34;&amp;\\u202e\\x00\\ud800"
    assert found == f'<a title="{safe}">{safe}</a><b>{safe}</b>'
    (folder / "page.txt.j2").write_text("{{ text }}")
    assert render("page.txt.j2", {"text": "<i>&"}, package=package) == "<i>&"


@pytest.fixture
def user(tmp_path: Path) -> Path:
    folder = tmp_path / "user templates"
    folder.mkdir()
    return folder


def wrong(user: Path, package: str, text: str, **values: object) -> str:
    (user / "main.txt.j2").write_text(text)
    with pytest.raises(UsageError) as caught:
        render("main.txt.j2", values, package=package, override=user)
    return caught.value.message.removeprefix(f"{user}/")


def test_the_examples_in_the_docstrings_hold() -> None:
    result = doctest.testmod(edgedla.render)
    assert result.failed == 0
    for each in (c_identifier, c_string, c_float, ini_value):
        assert doctest.DocTestFinder().find(each)[0].examples


def test_packaged_templates_are_rendered_without_the_lines_of_their_logic(package: str) -> None:
    assert render("main.txt.j2", {"numbers": [1, 2, 3]}, package=package) == "2\n3\npackaged foot"


def test_text_is_not_escaped_as_html_and_keeps_its_end(package: str, user: Path) -> None:
    (user / "main.txt.j2").write_text("#include {{ header }}\n\n")
    text = render("main.txt.j2", {"header": "<stdio.h>"}, package=package, override=user)
    assert text == "#include <stdio.h>\n\n"


def test_users_templates_come_first_and_the_packages_fill_the_gaps(package: str, user: Path) -> None:
    (user / "foot.txt.j2").write_text("my foot")
    text = render("main.txt.j2", {"numbers": [2]}, package=package, override=user)
    assert text == "2\nmy foot"
    (user / "main.txt.j2").write_text("head\n{% include 'foot.txt.j2' %}")
    (user / "foot.txt.j2").unlink()
    assert render("main.txt.j2", {}, package=package, override=user) == "head\npackaged foot"


def test_configure_adds_filters(package: str, user: Path) -> None:
    def configure(env: Environment) -> None:
        env.filters["shout"] = lambda text: f"{text}!"

    (user / "main.txt.j2").write_text("{{ 'hey' | shout }}")
    assert render("main.txt.j2", {}, package=package, override=user, configure=configure) == "hey!"
    assert "shout" not in environment().filters


def test_override_that_is_no_folder_is_not_passed_over_in_silence(package: str, user: Path) -> None:
    (user / "file").touch()
    for path in (user / "nowhere", user / "file"):
        with pytest.raises(UsageError, match=f"{re.escape(str(path))} does not exist"):
            render("main.txt.j2", {"numbers": []}, package=package, override=path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n{{ label }}", "main.txt.j2:2: 'label' is undefined"),
        ("a\n\n{{ label.x | upper }}", "main.txt.j2:3: 'label' is undefined"),
        ("{{ label | c_string }}", "main.txt.j2:1: 'label' is undefined"),
        ("{{ label | c_float }}", "main.txt.j2:1: 'label' is undefined"),
        ("{{ label | c_identifier }}", "main.txt.j2:1: 'label' is undefined"),
        ("{{ label | ini_value }}", "main.txt.j2:1: 'label' is undefined"),
        ("a\n{{ 1 / 0 }}", "main.txt.j2:2: division by zero"),
        ("a\n{% if x %}\nb\n", "main.txt.j2:3: Unexpected end of template"),
        ("\n{{ 1 | no_such }}", "main.txt.j2:2: No filter named 'no_such'."),
        ("\n\n{% include 'nope.j2' %}", "main.txt.j2:3: there is no template 'nope.j2'"),
        ("{% include '../../etc/passwd' %}", "main.txt.j2:1: there is no template '../../etc/passwd'"),
        ("{% include '/etc/passwd' %}", "main.txt.j2:1: there is no template '/etc/passwd'"),
        ("a\n{{ 'x\ty' | ini_value }}", "main.txt.j2:2: 'x\\ty' cannot be an ini value: it holds '\\t'"),
        ("a\n{{ 1e99 | c_float }}", "main.txt.j2:2: 1e+99 cannot be written as a C float"),
        ("a\n{% for i in range(10 ** 12) %}{% endfor %}", "main.txt.j2:2: Range too big."),
        ("{% macro f() %}{{ f() }}{% endmacro %}\n{{ f() }}", "main.txt.j2:1: maximum recursion depth"),
        ("{{ " + "(" * 5000, "main.txt.j2: maximum recursion depth"),
        ("{% for a in [1] %}" * 30 + "{% endfor %}" * 30, "main.txt.j2: too many statically nested blocks"),
    ],
)
def test_error_in_a_users_template_names_file_line_and_reason(
    user: Path, package: str, text: str, expected: str
) -> None:
    assert wrong(user, package, text).startswith(expected)


def test_error_in_an_included_template_names_the_included_one(user: Path, package: str) -> None:
    (user / "inner.j2").write_text("\n\n{{ 1 // 0 }}")
    assert wrong(user, package, "{% include 'inner.j2' %}").startswith("inner.j2:3: ")


def test_users_template_that_misleads_a_packaged_one_is_named(user: Path, package: str) -> None:
    message = wrong(user, package, "\n{% include 'broken.txt.j2' %}")
    assert message == "main.txt.j2:2: 'undefined_name' is undefined"


def test_template_that_is_not_utf8_is_named(user: Path, package: str) -> None:
    (user / "main.txt.j2").write_bytes(b"gr\xfc\xdf")
    with pytest.raises(UsageError, match=r"cannot read the template .*main\.txt\.j2: 'utf-8'"):
        render("main.txt.j2", {}, package=package, override=user)


def test_included_template_that_is_not_utf8_is_named_with_who_includes_it(user: Path, package: str) -> None:
    (user / "inner.j2").write_bytes(b"\xff")
    message = wrong(user, package, "\n{% include 'inner.j2' %}")
    assert re.match(r"main\.txt\.j2:2: cannot read the template .*inner\.j2", message)


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ numbers.append(3) }}",
        "{{ c_string.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(1) }}",
    ],
)
def test_templates_are_kept_from_pythons_insides(user: Path, package: str, text: str) -> None:
    numbers: list[int] = []
    assert re.match(r"main\.txt\.j2:1: .*(unsafe|undefined)", wrong(user, package, text, numbers=numbers))
    assert numbers == []


def test_what_a_packaged_template_gets_wrong_stays_a_bug(package: str, user: Path) -> None:
    (user / "foot.txt.j2").write_text("fine")
    for override in (None, user):
        with pytest.raises(UndefinedError, match="undefined_name"):
            render("broken.txt.j2", {}, package=package, override=override)
        with pytest.raises(TemplateSyntaxError):
            render("syntax.txt.j2", {}, package=package, override=override)
        with pytest.raises(TemplateNotFound, match=r"none\.j2"):
            render("none.j2", {}, package=package, override=override)


def test_packaged_template_broken_after_a_users_fine_one_is_not_the_users_fault(
    package: str, user: Path, tmp_path: Path
) -> None:
    (user / "foot.txt.j2").write_text("fine")
    mixed = tmp_path / "site" / PACKAGE / "mixed.txt.j2"
    mixed.write_text("{% include 'foot.txt.j2' %}{{ undefined_name }}")
    with pytest.raises(UndefinedError):
        render("mixed.txt.j2", {}, package=package, override=user)


def test_a_users_value_that_no_ini_can_hold_is_his_error_in_a_packaged_template_too(
    package: str, tmp_path: Path
) -> None:
    (tmp_path / "site" / PACKAGE / "x.ini.j2").write_text("key = {{ value | ini_value }}")
    with pytest.raises(UsageError, match="it holds ';'"):
        render("x.ini.j2", {"value": "a;b"}, package=package)


def test_nothing_depends_on_chance(user: Path, package: str) -> None:
    assert "'lipsum' is undefined" in wrong(user, package, "{{ lipsum() }}")
    assert "No filter named 'random'" in wrong(user, package, "{{ [1, 2] | random }}")


@pytest.mark.usefixtures("package")
def test_same_values_same_text_in_any_process(user: Path, tmp_path: Path) -> None:
    (user / "main.txt.j2").write_text("{{ labels | map('c_identifier') | join(',') }} {{ table | dictsort }}")
    program = (
        "from pathlib import Path; from edgedla.render import render;"
        f"print(render('main.txt.j2', dict(labels=['a b', 'int'], table=dict(b=1, a=2)), package={PACKAGE!r},"
        f" override=Path({str(user)!r})))"
    )
    path = os.pathsep.join([str(tmp_path / "site"), *sys.path])
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": path, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {b"a_b,int_ [('a', 2), ('b', 1)]\n"}


def test_sandbox_error_is_not_mistaken_for_a_users_where_there_is_no_user(
    package: str, tmp_path: Path
) -> None:
    (tmp_path / "site" / PACKAGE / "unsafe.j2").write_text("{{ ''.__class__.__mro__ }}")
    with pytest.raises(SecurityError):
        render("unsafe.j2", {}, package=package)


# The filters, judged by a C compiler where C is what they write.


def compiled(folder: Path, source: str, *flags: str) -> bytes:
    (folder / "main.c").write_text(source)
    strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wno-unused", *flags]
    subprocess.run([str(shutil.which("cc")), *strict, "-o", folder / "main", folder / "main.c"], check=True)
    return subprocess.run([folder / "main"], check=True, capture_output=True).stdout


@given(st.text())
def test_identifiers_are_legal_and_stay_as_they_are(text: str) -> None:
    name = c_identifier(text)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
    assert c_identifier(name) == name


def test_labels_outside_ascii_stay_apart() -> None:
    labels = ["狗", "猫", "Bär", "Bar", "Bör", "сова", "🎵"]
    assert len({c_identifier(label) for label in labels}) == len(labels)


@pytest.mark.parametrize("standard", ["c99", "c11", "gnu11"])
def test_every_word_a_compiler_reserves_becomes_an_identifier(tmp_path: Path, standard: str) -> None:
    reserved = (
        "auto break case char const continue default do double else enum extern float for goto if inline int "
        "long register restrict return short signed sizeof static struct switch typedef union unsigned void "
        "volatile while _Bool _Complex _Imaginary _Alignas _Alignof _Atomic _Generic _Noreturn "
        "_Static_assert _Thread_local asm typeof bool true false alignas alignof noreturn static_assert "
        "thread_local NULL"
    )
    words = re.findall(r"\w+", reserved)
    names = [c_identifier(word) for word in [*words, "", "3d", "猫", "a b", "__FILE__"]]
    members = ", ".join(names)
    headers = "#include <stdbool.h>\n#include <stddef.h>\n"
    source = f"{headers}enum {{ {members} }};\nint main(void) {{ return {names[0]}; }}\n"
    assert len(set(names)) == len(names)
    compiled(tmp_path, source, f"-std={standard}")


def c_bytes(texts: list[str], folder: Path) -> list[bytes]:
    """What a compiler makes of the literals, trigraphs included."""
    prints = "".join(f"    fwrite({c_string(text)}, 1, sizeof {c_string(text)}, stdout);\n" for text in texts)
    source = f"#include <stdio.h>\nint main(void) {{\n{prints}    return 0;\n}}\n"
    output = compiled(folder, source, "-trigraphs", "-Wno-overlength-strings")
    found = []
    for text in texts:
        size = len(text.encode()) + 1
        found.append(output[: size - 1])
        output = output[size:]
    assert output == b""
    return found


def test_string_literals_say_what_the_text_says(tmp_path: Path) -> None:
    rng = random.Random(7)  # noqa: S311 - test data
    alphabet = "ab09?=/'<>(!)-\\\"\n\r\t\0\a\x7f%äß猫🎵\u2028xn"
    texts = ["".join(rng.choices(alphabet, k=rng.randrange(12))) for _ in range(300)]
    texts += ["", "??=", "????=", "\\", '"', "\\n", "é1", "\x01" + "7", "%s", "".join(map(chr, range(256)))]
    assert c_bytes(texts, tmp_path) == [text.encode() for text in texts]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_string_literals_are_one_line_of_plain_ascii_without_trigraphs(text: str) -> None:
    literal = c_string(text)
    assert literal.isascii()
    assert literal.isprintable()
    assert "??" not in literal


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'\\udcff' cannot be written as a C string"):
        c_string(os.fsdecode(b"\xff"))


def parsed(literal: str) -> float:
    assert re.fullmatch(r"-?\d+(\.\d+)?(e[+-]\d+)?f", literal)
    assert "." in literal or "e" in literal
    single: float = struct.unpack("<f", struct.pack("<f", float(literal[:-1])))[0]
    return single


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float32_survives(value: float) -> None:
    assert struct.pack("<f", parsed(c_float(value))) == struct.pack("<f", value)


def test_the_compiler_reads_the_same_floats(tmp_path: Path) -> None:
    rng = random.Random(3)  # noqa: S311 - test data
    patterns = [struct.pack("<I", rng.getrandbits(32) & 0xFF7FFFFF | 0x00800000) for _ in range(500)]
    patterns = [each for each in patterns if abs(struct.unpack("<f", each)[0]) < float("inf")]
    patterns += [
        struct.pack("<f", each) for each in (0.0, -0.0, 1.0, 3.4028234663852886e38, 2**-126, 16777216)
    ]
    literals = ",\n".join(c_float(struct.unpack("<f", each)[0]) for each in patterns)
    source = (
        f"#include <stdio.h>\nstatic const float values[] = {{\n{literals}\n}};\n"
        "int main(void) { fwrite(values, 1, sizeof values, stdout); return 0; }\n"
    )
    assert compiled(tmp_path, source) == b"".join(patterns)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 3.5e38, -1e300])
def test_numbers_without_a_float_literal_are_refused(value: float) -> None:
    with pytest.raises(UsageError, match="cannot be written as a C float"):
        c_float(value)


@pytest.mark.parametrize(
    "value", ["a;b", "a#b", "a\nb", "a\r", "\ta", " a", "a ", "a\0", "a\x85b", "a\u2028b", "\x1b"]
)
def test_ini_values_that_a_parser_would_change_are_refused(value: str) -> None:
    with pytest.raises(UsageError, match="cannot be an ini value"):
        ini_value(value)


@given(st.text())
def test_ini_values_come_back_unchanged(value: str) -> None:
    try:
        text = f"[section]\nkey = {ini_value(value)}\n"
    except UsageError:
        return
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";", "#"))
    parser.read_string(text)
    assert parser["section"]["key"] == value


@pytest.mark.parametrize("filter_", [c_identifier, c_string, ini_value])
def test_filters_take_numbers_as_text(filter_: Callable[[object], str]) -> None:
    assert "7" in filter_(7)

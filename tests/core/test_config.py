"""Configuration: which source wins, what is refused, and that every complaint names key, place and remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BeforeValidator, Field, PositiveInt, field_validator, model_validator

from edgedla.config import Config, CoreOptions, Setting
from edgedla.errors import UsageError
from edgedla.spec import Options, Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class EatOptions(Options):
    window: Literal["first", "centre", "slide"] = "centre"
    factors: tuple[PositiveInt, ...] = (4, 4)
    names: tuple[str, ...] | None = None
    classes: int = Field(default=10, ge=2)
    rate: float = 0.5
    calm: bool = False
    folder: Path = Path("data")
    limits: list[float] = Field(default=[], max_length=2)
    gate: Tolerance = Tolerance()
    either: int | Literal["auto"] = "auto"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.classes == 13:
            raise ValueError(f"{self.classes} classes and rate {self.rate} do not go together")
        return self


class BoardOptions(Options):
    port: int = 22


KNOWN: dict[str, type[Options]] = {"eat_sed": EatOptions, "my-board": BoardOptions}


class Place:
    """A user's machine: home, a repository in it, a folder in that, and a user file."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.repository = self.home / "repository"
        self.cwd = self.repository / "a" / "b"
        self.cwd.mkdir(parents=True)
        (self.repository / ".git").mkdir()
        self.user_file = root / "config.toml"

    def load(self, *overrides: str, **environ: str) -> Config:
        return Config.load(
            overrides=overrides,
            cwd=self.cwd,
            environ={"HOME": str(self.home), **environ},
            user_file=self.user_file,
        )

    def project(self, text: str) -> Place:
        (self.cwd / "edgedla.toml").write_text(text)
        return self

    def user(self, text: str) -> Place:
        self.user_file.write_text(text)
        return self

    def eat(self, *overrides: str, **environ: str) -> EatOptions:
        return self.load(*overrides, **environ).options("eat_sed", EatOptions)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def refused(act: Callable[[], object]) -> UsageError:
    with pytest.raises(UsageError) as caught:
        act()
    return caught.value


def settings(config: Config) -> dict[str, Setting]:
    return {setting.key: setting for setting in config.settings(KNOWN)}


# Which source wins


LAYERS = ["user", "project", "environment", "--set", "flag"]


@pytest.mark.parametrize("strongest", range(len(LAYERS)))
def test_the_stronger_source_wins(place: Place, strongest: int) -> None:
    present = LAYERS[: strongest + 1]
    place.user("[eat_sed]\nclasses = 3")
    if "project" in present:
        place.project("[eat_sed]\nclasses = 4")
    environ = {"EDGEDLA_EAT_SED__CLASSES": "5"} if "environment" in present else {}
    overrides = ["eat_sed.classes=6"] if "--set" in present else []
    flags = {"classes": 7} if "flag" in present else {}
    options = place.load(*overrides, **environ).options("eat_sed", EatOptions, flags)
    assert options.classes == 3 + strongest


def test_sources_are_merged_key_by_key(place: Place) -> None:
    place.user("[eat_sed]\nclasses = 3\nrate = 0.25").project("[eat_sed]\nclasses = 4")
    options = place.eat("eat_sed.window=slide")
    assert (options.classes, options.rate, options.window) == (4, 0.25, "slide")
    assert options.model_fields_set == {"classes", "rate", "window"}


def test_nothing_given_is_all_defaults_and_shows_as_unset(place: Place) -> None:
    assert place.eat() == EatOptions()
    assert place.eat().model_fields_set == set()
    assert place.load().core().model_fields_set == set()


def test_only_what_was_given_counts_as_set_though_it_be_the_default(place: Place) -> None:
    assert place.eat("eat_sed.classes=10").model_fields_set == {"classes"}


def test_core_settings_stand_at_the_top(place: Place) -> None:
    place.project('target = "pcupid"\njobs = 3\ndisable_plugins = ["a", "b"]\n[eat_sed]\n')
    core = place.load(EDGEDLA_STRICT_PLUGINS="1", EDGEDLA_JOBS="4", EDGEDLA_CACHE_DIR="/c").core()
    assert core == CoreOptions(
        target="pcupid", jobs=4, disable_plugins=("a", "b"), strict_plugins=True, cache_dir="/c"
    )
    assert place.load(EDGEDLA_DISABLE_PLUGINS="").core().disable_plugins == ()
    assert place.load(EDGEDLA_DISABLE_PLUGINS="x, y").core().disable_plugins == ("x", "y")


def test_cache_is_the_users_own_by_default(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert place.load().core().cache_dir == "/somewhere/edgedla"


def test_user_file_is_where_the_platform_has_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.home / "config"))
    (place.home / "config" / "edgedla").mkdir(parents=True)
    (place.home / "config" / "edgedla" / "config.toml").write_text("jobs = 9")
    assert Config.load(cwd=place.cwd, environ={}).core().jobs == 9


def test_hyphens_are_underscores_in_the_environment(place: Place) -> None:
    config = place.load(EDGEDLA_MY_BOARD__PORT="2222")
    assert config.options("my-board", BoardOptions).port == 2222
    config.check_sections(KNOWN)


def test_last_of_two_overrides_counts(place: Place) -> None:
    assert place.eat("eat_sed.classes=3", "eat_sed.classes=4").classes == 4


# The project file


@pytest.mark.parametrize("folder", ["cwd", "repository"])
def test_project_file_is_searched_upwards_to_the_root_of_the_repository(place: Place, folder: str) -> None:
    (getattr(place, folder) / "edgedla.toml").write_text("jobs = 2")
    assert place.load().core().jobs == 2


def test_nearest_project_file_is_taken_alone(place: Place) -> None:
    (place.repository / "edgedla.toml").write_text('jobs = 2\ntarget = "far"')
    (place.cwd.parent / "edgedla.toml").write_text("jobs = 3")
    assert place.load().core().jobs == 3
    assert place.load().core().target == ""


def test_search_ends_at_the_repository_and_at_home(place: Place) -> None:
    (place.home / "edgedla.toml").write_text("jobs = 2")
    (place.home.parent / "edgedla.toml").write_text("jobs = 3")
    assert place.load().core().jobs == 0
    (place.repository / ".git").rmdir()
    assert place.load().core().jobs == 2
    (place.home / "edgedla.toml").unlink()
    assert place.load().core().jobs == 0


def test_worktree_whose_git_is_a_file_is_a_repository(place: Place) -> None:
    (place.home / "edgedla.toml").write_text("jobs = 2")
    (place.repository / ".git").rmdir()
    (place.repository / ".git").write_text("gitdir: elsewhere")
    assert place.load().core().jobs == 0


def test_folder_that_anybody_may_write_to_configures_nobody_below_it(place: Place) -> None:
    (place.repository / ".git").rmdir()
    (place.repository / "edgedla.toml").write_text("jobs = 2")
    assert place.load().core().jobs == 2
    place.repository.chmod(0o777)
    assert place.load().core().jobs == 0
    place.cwd = place.repository
    assert place.load().core().jobs == 2


def test_table_of_pyproject_is_a_project_file(place: Place) -> None:
    text = '[project]\nname = "x"\n[tool.edgedla]\njobs = 2\n[tool.edgedla.eat_sed]\nclasses = "x"\n'
    (place.repository / "pyproject.toml").write_text(text)
    config = place.load()
    assert config.core().jobs == 2
    error = refused(lambda: config.options("eat_sed", EatOptions))
    assert error.message.startswith(f"{place.repository}/pyproject.toml:6: eat_sed.classes: ")


def test_own_file_is_stronger_than_pyproject_beside_it(place: Place) -> None:
    (place.cwd / "pyproject.toml").write_text("[tool.edgedla]\njobs = 2")
    place.project("jobs = 3")
    assert place.load().core().jobs == 3


@pytest.mark.parametrize(
    "text",
    ["", "[tool.other]\nx = 1", 'name = "edgedla"', "[tool]\nedgedla = 3", "tool = 'edgedla'", "= broken"],
)
def test_pyproject_that_does_not_speak_of_us_is_passed_over(place: Place, text: str) -> None:
    (place.cwd / "pyproject.toml").write_text(text)
    (place.repository / "edgedla.toml").write_text("jobs = 2")
    assert place.load().core().jobs == 2


# Files that are none


BAD_FILES: list[tuple[bytes, str]] = [
    (
        b"jobs = 1\njobs 2\n",
        "edgedla.toml is not TOML: Expected '=' after a key in a key/value pair (at line 2",
    ),
    (b"jobs = 1\njobs = 2\n", "edgedla.toml is not TOML: Cannot overwrite a value (at line 2"),
    (b"jobs = [1,\n", "edgedla.toml is not TOML: "),
    (b"jobs = " + b"9" * 5000, "edgedla.toml is not TOML: "),
    (b"jobs = 1\n# gr\xfc\xdfe\n", "edgedla.toml:2: not UTF-8: invalid start byte"),
    (b"jobs = 1\0", "edgedla.toml is not TOML: "),
    (b"x = " + b"[" * 100_000, "edgedla.toml is nested too deeply"),
    (b"#" * 1_000_001, "edgedla.toml is larger than 1000000 bytes"),
]


@pytest.mark.parametrize(
    ("content", "message"),
    BAD_FILES,
    ids=["line", "twice", "end", "digits", "latin-1", "nul", "deep", "large"],
)
def test_file_that_is_no_configuration_is_named_with_line_and_reason(
    place: Place, content: bytes, message: str
) -> None:
    (place.cwd / "edgedla.toml").write_bytes(content)
    assert refused(place.load).message.startswith(message)


def test_largest_file_and_byte_order_mark_are_read(place: Place) -> None:
    (place.cwd / "edgedla.toml").write_bytes(b"\xef\xbb\xbfjobs = 2\n".ljust(1_000_000, b"#"))
    assert place.load().core().jobs == 2


def test_what_is_no_file_is_refused(place: Place) -> None:
    path = place.cwd / "edgedla.toml"
    path.mkdir()
    assert refused(place.load).message == "edgedla.toml is not a file"
    path.rmdir()
    os.mkfifo(path)
    assert refused(place.load).message == "edgedla.toml is not a file"
    path.unlink()
    path.symlink_to("/dev/zero")
    assert refused(place.load).message == "edgedla.toml is not a file"


@pytest.mark.parametrize(
    ("target", "reason"),
    [("edgedla.toml", "Too many levels of symbolic links"), ("nowhere", "No such file or directory")],
)
def test_file_that_cannot_be_read_is_named_with_the_reason(place: Place, target: str, reason: str) -> None:
    (place.cwd / "edgedla.toml").symlink_to(target)
    assert refused(place.load).message == f"cannot read edgedla.toml: {reason}"


def test_user_file_is_read_with_the_same_care(place: Place) -> None:
    place.user("jobs 2")
    assert refused(place.load).message.startswith(f"{place.user_file} is not TOML")
    place.user_file.unlink()
    place.user_file.mkdir()
    assert refused(place.load).message == f"{place.user_file} is not a file"


# Values


TEXTS: list[tuple[str, str, object]] = [
    ("window", "slide", "slide"),
    ("factors", "4,4,4,4", (4, 4, 4, 4)),
    ("factors", " 4 , 2 ", (4, 2)),
    ("factors", "8", (8,)),
    ("factors", "", ()),
    ("names", "a,b", ("a", "b")),
    ("limits", "0.5,1e-3", [0.5, 0.001]),
    ("classes", "12", 12),
    ("rate", "2", 2.0),
    ("rate", "1e-3", 0.001),
    ("calm", "true", True),
    ("calm", "0", False),
    ("calm", "False", False),
    ("folder", "/x y", Path("/x y")),
    ("either", "7", 7),
    ("either", "auto", "auto"),
]


@pytest.mark.parametrize(("key", "text", "expected"), TEXTS)
@pytest.mark.parametrize("by", ["--set", "environment"])
def test_text_is_read_as_its_fields_type(
    place: Place, key: str, text: str, expected: object, by: str
) -> None:
    if by == "--set":
        options = place.eat(f"eat_sed.{key}={text}")
    else:
        options = place.eat(**{f"EDGEDLA_EAT_SED__{key.upper()}": text})
    assert getattr(options, key) == expected
    assert type(getattr(options, key)) is type(expected)


def test_value_may_hold_equals_signs_dots_and_line_ends(place: Place) -> None:
    assert place.eat("eat_sed.folder=a=b.c\nd").folder == Path("a=b.c\nd")


TOML: list[tuple[str, str, object]] = [
    ("window", '"slide"', "slide"),
    ("factors", "[4, 2]", (4, 2)),
    ("names", '["a,b"]', ("a,b",)),
    ("limits", "[1, 0.5]", [1.0, 0.5]),
    ("rate", "2", 2.0),
    ("rate", "inf", float("inf")),
    ("calm", "true", True),
    ("folder", '"x"', Path("x")),
    ("gate", "{ top1 = 0.5 }", Tolerance(top1=0.5)),
    ("either", "3", 3),
]


@pytest.mark.parametrize(("key", "text", "expected"), TOML)
def test_toml_value_of_its_fields_type_is_taken(place: Place, key: str, text: str, expected: object) -> None:
    options = place.project(f"[eat_sed]\n{key} = {text}\n").eat()
    assert getattr(options, key) == expected
    assert type(getattr(options, key)) is type(expected)


WRONG_TOML = [
    ("classes", '"12"', "expected a valid integer, found '12'"),
    ("classes", "12.0", "expected a valid integer, found 12.0"),
    ("classes", "true", "expected a valid integer, found True"),
    ("classes", "1", "expected greater than or equal to 2, found 1"),
    ("calm", "1", "expected a valid boolean, found 1"),
    ("calm", '"true"', "expected a valid boolean, found 'true'"),
    ("rate", '"0.5"', "expected a valid number, found '0.5'"),
    ("window", '"center"', "expected 'first', 'centre' or 'slide', found 'center'"),
    ("factors", '"4,4"', "expected a valid array, found '4,4'"),
    ("factors", "4", "expected a valid array, found 4"),
    ("factors", "[4, 0]", "expected greater than 0, found [4, 0]"),
    ("factors", '[4, "4"]', "expected a valid integer, found [4, '4']"),
    ("limits", "[1, 2, 3]", "List should have at most 2 items after validation, not 3, found [1, 2, 3]"),
    ("gate", "{ top = 1 }", "Extra inputs are not permitted, found {'top': 1}"),
    ("either", '"often"', "expected a valid integer or expected 'auto', found 'often'"),
    ("classes", "1979-05-27", "expected a valid integer, found datetime.date(1979, 5, 27)"),
]


@pytest.mark.parametrize(("key", "text", "reason"), WRONG_TOML)
def test_toml_value_of_another_type_is_refused(place: Place, key: str, text: str, reason: str) -> None:
    place.project(f"# settings\n[eat_sed]\n\n{key} = {text}\n")
    assert refused(place.eat).message == f"edgedla.toml:4: eat_sed.{key}: {reason}"


WRONG_TEXT = [
    ("classes", "many", "expected a valid integer, unable to parse string as an integer, found 'many'"),
    ("classes", "1", "expected greater than or equal to 2, found '1'"),
    ("calm", "perhaps", "expected a valid boolean, unable to interpret input, found 'perhaps'"),
    ("window", "center", "expected 'first', 'centre' or 'slide', found 'center'"),
    ("factors", "4,x", "expected a valid integer, unable to parse string as an integer, found '4,x'"),
    ("factors", "4,,4", "expected a valid integer, unable to parse string as an integer, found '4,,4'"),
    ("gate", "0.5", "expected a valid dictionary or instance of Tolerance, found '0.5'"),
]


@pytest.mark.parametrize(("key", "text", "reason"), WRONG_TEXT)
def test_text_that_is_not_of_its_fields_type_is_refused(
    place: Place, key: str, text: str, reason: str
) -> None:
    error = refused(lambda: place.eat(f"eat_sed.{key}={text}"))
    assert error.message == f"--set: eat_sed.{key}: {reason}"
    name = f"EDGEDLA_EAT_SED__{key.upper()}"
    error = refused(lambda: place.eat(**{name: text}))
    assert error.message == f"{name}: eat_sed.{key}: {reason}"


def test_weaker_wrong_value_that_is_overridden_does_no_harm(place: Place) -> None:
    place.project('[eat_sed]\nclasses = "many"')
    assert place.eat("eat_sed.classes=3").classes == 3
    assert place.load().options("eat_sed", EatOptions, {"classes": 4}).classes == 4


def test_wrong_flag_is_named_as_the_command_line(place: Place) -> None:
    error = refused(lambda: place.load().options("eat_sed", EatOptions, {"classes": 1}))
    assert error.message == "command line: eat_sed.classes: expected greater than or equal to 2, found 1"


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("jobs", "-1", "expected greater than or equal to 0"),
        ("jobs", "", "expected a valid integer"),
        ("cache_dir", "", "String should have at least 1 character"),
        ("build_dir", "", "String should have at least 1 character"),
        ("strict_plugins", "maybe", "expected a valid boolean"),
    ],
)
def test_core_settings_are_checked_too(place: Place, name: str, text: str, reason: str) -> None:
    variable = f"EDGEDLA_{name.upper()}"
    error = refused(lambda: place.load(**{variable: text}).core())
    assert error.message.startswith(f"{variable}: {name}: {reason}")


def test_table_in_the_place_of_a_core_setting_is_refused(place: Place) -> None:
    error = refused(place.project("[jobs]\nx = 1").load().core)
    assert error.message == "edgedla.toml:1: jobs: expected a valid integer, found {'x': 1}"


def test_values_that_do_not_fit_together_name_all_who_gave_some(place: Place) -> None:
    place.project("[eat_sed]\nclasses = 13")
    error = refused(lambda: place.eat("eat_sed.rate=0.1"))
    assert error.message == (
        "eat_sed: 13 classes and rate 0.1 do not go together (given by --set, edgedla.toml)"
    )


def test_long_values_are_cut_and_odd_ones_can_be_printed(place: Place) -> None:
    error = refused(lambda: place.eat("eat_sed.window=" + "x" * 5000))
    assert len(error.message) < 200
    error = refused(lambda: place.eat("eat_sed.window=" + os.fsdecode(b"\xff\x1b[31m")))
    assert error.message.isprintable()
    error.message.encode()


def test_a_plugins_own_validators_are_heard(place: Place) -> None:
    class Custom(Options):
        size: Annotated[
            tuple[int, int], BeforeValidator(lambda v: v.split("x") if isinstance(v, str) else v)
        ] = (1, 1)
        even: int = 2

        @field_validator("even")
        @classmethod
        def _even(cls, value: int) -> int:
            if value % 2:
                raise ValueError(f"{value} is odd")
            return value

    config = place.project("[custom]\neven = 3").load()
    error = refused(lambda: config.options("custom", Custom))
    assert error.message == "edgedla.toml:2: custom.even: 3 is odd, found 3"


# Keys that configure nothing


@pytest.mark.parametrize(
    "text", ["", "[eat_sed]", "[eat_sed]\nclasses = 3\n[my-board]\nport = 1", "jobs = 1"]
)
def test_known_keys_pass(place: Place, text: str) -> None:
    place.project(text).load("eat_sed.rate=1", EDGEDLA_JOBS="1", OTHER="x").check_sections(KNOWN)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "\n[eat_sd]\nclasses = 3",
            "edgedla.toml:2: no model or target named 'eat_sd'",
            "did you mean 'eat_sed'? sections: eat_sed, my-board",
        ),
        ("[eat_sd]", "edgedla.toml:1: no model or target named 'eat_sd'", "did you mean 'eat_sed'?"),
        (
            "[eat_sed]\nrate = 1.0\nclases = 3",
            "edgedla.toml:3: 'eat_sed' has no key 'clases'",
            "did you mean 'classes'? keys: calm, classes, ",
        ),
        ("jbos = 3", "edgedla.toml:1: edgedla has no key 'jbos'", "did you mean 'jobs'? keys: build_dir, "),
        ("eat_sed = 3", "edgedla.toml:1: eat_sed: expected a table, found 3", None),
        ("eat_sed.clases = 3", "edgedla.toml:1: 'eat_sed' has no key 'clases'", "did you mean 'classes'?"),
        ("eat_sed = { clases = 3 }", "edgedla.toml:1: 'eat_sed' has no key 'clases'", "did you mean"),
        ("x = [\n1]\n[[eat_sed]]", "edgedla.toml:1: edgedla has no key 'x'", "keys: build_dir"),
        ('["eat_sed"]\n"clases"=3', "edgedla.toml:2: 'eat_sed' has no key 'clases'", "did you mean"),
        ("[my-board.x]\ny = 1", "edgedla.toml:1: 'my-board' has no key 'x'", "keys: port"),
    ],
)
def test_unknown_keys_in_files_are_refused_with_line_and_suggestion(
    place: Place, text: str, message: str, hint: str | None
) -> None:
    config = place.project(text).load()
    error = refused(lambda: config.check_sections(KNOWN))
    assert error.message == message
    assert (error.hint or "").startswith(hint or "")
    assert (error.hint is None) == (hint is None)


def test_unknown_keys_of_the_user_file_are_refused_under_its_name(place: Place) -> None:
    config = place.user("jbos = 1").load()
    error = refused(lambda: config.check_sections(KNOWN))
    assert error.message == f"{place.user_file}:1: edgedla has no key 'jbos'"


@pytest.mark.parametrize(
    ("override", "message", "hint"),
    [
        ("eat_sd.rate=1", "--set: no model or target named 'eat_sd'", "did you mean 'eat_sed'?"),
        ("eat_sed.rat=1", "--set: 'eat_sed' has no key 'rat'", "did you mean 'rate'?"),
        ("eat_sed.gate.top1=1", "--set: 'eat_sed' has no key 'gate.top1'", "did you mean 'gate'?"),
        ("jobs.x=1", "--set: no model or target named 'jobs'", "sections: "),
    ],
)
def test_unknown_overrides_are_refused(place: Place, override: str, message: str, hint: str) -> None:
    error = refused(lambda: place.load(override).check_sections(KNOWN))
    assert error.message == message
    assert (error.hint or "").startswith(hint)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("EDGEDLA_JBOS", "EDGEDLA_JOBS"),
        ("EDGEDLA_EAT_SED__WINDWO", "EDGEDLA_EAT_SED__WINDOW"),
        ("EDGEDLA_EAT_SED_WINDOW", "EDGEDLA_EAT_SED__WINDOW"),
        ("EDGEDLA_EATSED__WINDOW", "EDGEDLA_EAT_SED__WINDOW"),
        ("EDGEDLA_DISABLE_PLUGIN", "EDGEDLA_DISABLE_PLUGINS"),
    ],
)
def test_variables_that_set_nothing_are_refused(place: Place, name: str, meant: str) -> None:
    error = refused(lambda: place.load(**{name: "x"}).check_sections(KNOWN))
    assert error.message == f"environment variable '{name}' sets nothing"
    assert (error.hint or "").startswith(f"did you mean '{meant}'? variables: EDGEDLA_BUILD_DIR, ")


def test_sections_of_plugins_that_did_not_load_are_let_alone(place: Place) -> None:
    place.project("[broken-one]\nx = 1\n[off]\ny = 1")
    config = place.load("off.z=1", EDGEDLA_BROKEN_ONE__X="1", EDGEDLA_DISABLE_PLUGINS="off")
    config.check_sections(KNOWN, ["broken-one"])
    assert "EDGEDLA_BROKEN_ONE__X" in refused(lambda: config.check_sections(KNOWN)).message
    config = place.load(EDGEDLA_DISABLE_PLUGINS="off")
    assert "broken-one" in refused(lambda: config.check_sections(KNOWN)).message


def test_keys_are_still_checked_where_a_broken_plugin_has_the_name_of_a_known_section(place: Place) -> None:
    config = place.project("[eat_sed]\nclases = 3").load()
    assert "clases" in refused(lambda: config.check_sections(KNOWN, ["eat_sed"])).message


@pytest.mark.parametrize(
    "override", ["", "eat_sed", "classes=3", "eat_sed.classes", "=", ".=", ".x=1", "a.=1", "=a.b"]
)
def test_override_of_another_form_is_refused_with_the_form(place: Place, override: str) -> None:
    error = refused(lambda: place.load(override))
    assert error.message == f"--set {override!r} is not of the form SECTION.KEY=VALUE"
    assert "--set eat_sed.window=centre" in (error.hint or "")


# What `edgedla config show` shows


def test_settings_are_all_keys_with_value_and_origin(place: Place) -> None:
    place.user("jobs = 2\n[my-board]\nport = 1")
    (place.repository / "edgedla.toml").write_text('target = "my-board"\n[eat_sed]\nclasses = 3')
    shown = settings(place.load("eat_sed.factors=2,2", EDGEDLA_EAT_SED__CALM="1"))
    project = str(place.repository / "edgedla.toml")
    assert list(shown)[:6] == list(CoreOptions.model_fields)
    assert list(shown)[6:] == [f"eat_sed.{key}" for key in EatOptions.model_fields] + ["my-board.port"]
    assert shown["jobs"] == Setting("jobs", 2, str(place.user_file))
    assert shown["target"] == Setting("target", "my-board", project)
    assert shown["eat_sed.classes"] == Setting("eat_sed.classes", 3, project)
    assert shown["eat_sed.factors"] == Setting("eat_sed.factors", (2, 2), "--set")
    assert shown["eat_sed.calm"] == Setting("eat_sed.calm", True, "EDGEDLA_EAT_SED__CALM")  # noqa: FBT003
    assert shown["eat_sed.rate"] == Setting("eat_sed.rate", 0.5, "default")
    assert shown["build_dir"] == Setting("build_dir", "build", "default")


def test_project_file_below_is_shown_relative_to_where_one_stands(place: Place) -> None:
    assert settings(place.project("jobs = 2").load())["jobs"].origin == "edgedla.toml"


# Properties and cost


SCALARS: Mapping[str, st.SearchStrategy[Any]] = {
    "classes": st.integers(2, 12),
    "rate": st.floats(allow_nan=False),
    "calm": st.booleans(),
    "factors": st.lists(st.integers(1, 99)).map(tuple),
    "window": st.sampled_from(["first", "centre", "slide"]),
}


@given(st.fixed_dictionaries({}, optional=dict(SCALARS)))
def test_what_is_written_as_text_is_read_back(values: dict[str, object]) -> None:
    def text(value: object) -> str:
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    overrides = [f"eat_sed.{key}={text(value)}" for key, value in values.items()]
    nowhere = Path("/nonexistent")
    config = Config.load(overrides=overrides, cwd=nowhere, environ={}, user_file=nowhere / "x")
    options = config.options("eat_sed", EatOptions)
    assert options == EatOptions(**values)  # type: ignore[arg-type] # the strategies make the right ones
    assert options.model_fields_set == set(values)


@given(st.binary(max_size=60) | st.text("jobs=[]{}\"'\n.1 eat_dcl#").map(str.encode))
def test_any_bytes_in_a_file_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any_bytes"
    folder.mkdir(exist_ok=True)
    (folder / "edgedla.toml").write_bytes(content)
    try:
        config = Config.load(cwd=folder, environ={}, user_file=folder / "none")
        config.core()
        config.check_sections(KNOWN)
        config.settings(KNOWN)
    except UsageError as error:
        assert "edgedla.toml" in error.message  # noqa: PT017 - either outcome is right


def test_importing_and_loading_brings_nothing_heavy(place: Place) -> None:
    program = (
        "import os, sys; from pathlib import Path; from edgedla.config import Config\n"
        "Config.load(cwd=Path.cwd(), environ=os.environ).core()\n"
        "print(sorted({'jinja2', 'numpy', 'onnx', 'torch', 'subprocess', 'yaml'} & set(sys.modules)))"
    )
    env = {"PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(place.home)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place.cwd, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"

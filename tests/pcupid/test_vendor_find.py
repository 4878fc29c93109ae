"""From options to a route: trees that are what they should be, those that are not, and profiles."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import standin
from edgedla.errors import UsageError
from edgedla_targets.pcupid.vendor import failures, find, find_route, profile
from edgedla_targets.pcupid.vendor.direct import Direct
from edgedla_targets.pcupid.vendor.opendla import OpenDla
from edgedla_targets.pcupid.vendor.place import Docker, Native

SHIPPED = Path(profile.__file__).with_name("profiles")


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    return standin.toolchain(tmp_path / "tools")


@pytest.fixture
def emulated(tmp_path: Path) -> Path:
    """A folder laid out like the emulated toolchain's."""
    sdk = standin.toolchain(tmp_path / "emulated" / "sdk")
    (sdk / "cfg_env.sh").write_text("# edgedla emulated toolchain\n" + standin.ENVIRONMENT)
    standin.zoo(tmp_path / "emulated" / "opendla")
    return sdk.parent


def found(
    tmp_path: Path, said: list[str] | None = None, environ: dict[str, str] | None = None, **more: str
) -> Direct:
    echo = (said if said is not None else []).append
    tools = standin.tools(tmp_path, echo=echo)
    emulated = tmp_path / "emulated"
    route = find_route(standin.Choice(**more), tools, emulated=emulated, environ=environ or {})  # type: ignore[arg-type] # any of its fields
    assert isinstance(route, Direct)
    return route


def refusal(tmp_path: Path, environ: dict[str, str] | None = None, **more: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        found(tmp_path, None, environ, **more)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("toolchain", ["auto", "emulated"])
def test_without_a_toolchain_it_is_the_emulated_one(emulated: Path, tmp_path: Path, toolchain: str) -> None:
    route = found(tmp_path, toolchain=toolchain)
    assert route.root == emulated / "sdk"
    assert route.identity().startswith("emulated ")
    assert isinstance(route.place, Native)
    assert "EDGEDLA_PYTHON" in route.place.environment


def test_a_sourced_toolchain_is_the_configured_one(emulated: Path, vendor: Path, tmp_path: Path) -> None:
    route = found(tmp_path, environ={"SGS_IPU_DIR": str(vendor)})
    assert route.root == vendor
    assert (
        found(tmp_path, environ={"SGS_IPU_DIR": str(vendor)}, toolchain="emulated").root == emulated / "sdk"
    )
    error = refusal(tmp_path, environ={"SGS_IPU_DIR": str(tmp_path / "gone")})
    assert error.message.startswith("SGS_IPU_DIR: ")


@pytest.mark.usefixtures("emulated")
def test_auto_says_what_it_is(vendor: Path, tmp_path: Path) -> None:
    said: list[str] = []
    found(tmp_path, said)
    found(tmp_path, said, toolchain=str(vendor))
    assert "profile 'emulated'" in said[0]
    assert f"toolchain: {vendor}, profile 's21'" in said[1]
    found(tmp_path, said, toolchain=str(vendor), profile="s21")
    assert len(said) == 2


def test_the_same_is_said_once(emulated: Path, tmp_path: Path) -> None:
    said: list[str] = []
    tools = standin.tools(tmp_path, echo=said.append)
    for _ in range(3):
        find_route(standin.Choice(), tools, emulated=emulated, environ={})
    assert len(said) == 1


def test_the_route_is_that_of_what_is_given(emulated: Path, vendor: Path, tmp_path: Path) -> None:
    zoo = standin.zoo(tmp_path / "zoo")
    assert type(found(tmp_path, toolchain=str(vendor))) is Direct
    by_zoo = found(tmp_path, toolchain=str(vendor), opendla=str(zoo))
    assert isinstance(by_zoo, OpenDla)
    assert by_zoo.tree == zoo
    shipped = found(tmp_path, opendla="emulated")
    assert isinstance(shipped, OpenDla)
    assert shipped.tree == emulated / "opendla"
    in_docker = found(tmp_path, toolchain=str(vendor), docker_image="x")
    assert isinstance(in_docker.place, Docker)


def test_links_and_home_are_followed(vendor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(vendor)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found(tmp_path, toolchain="~/link").root == vendor


def test_what_is_no_toolchain(vendor: Path, tmp_path: Path) -> None:
    zoo = standin.zoo(tmp_path / "zoo")
    release = tmp_path / "release"
    (release / "docker_v1.8").mkdir(parents=True)
    vendor.rename(release / "SGS_IPU_Toolchain_25121210")
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "SGS_IPU_Toolchain.tar.xz").write_text("x")
    (tmp_path / "empty").mkdir()
    cases = {
        "gone": "does not exist",
        "zoo": "is an OpenDLAModel tree",
        "release": "is one level too high: the toolchain is SGS_IPU_Toolchain_25121210",
        "packed": "holds SGS_IPU_Toolchain.tar.xz, which is not unpacked",
        "packed/SGS_IPU_Toolchain.tar.xz": "is an archive that is not unpacked",
        "zoo/convert.sh": "is a file",
        "empty": "is an empty folder",
        "zoo/vad/..//sed": "is a folder with eat",
    }
    for name, message in cases.items():
        error = refusal(tmp_path, toolchain=f"{tmp_path}/{name}")
        assert message in error.message
        assert "expected an SGS_IPU_Toolchain folder with cfg_env.sh" in error.message
    assert refusal(tmp_path, toolchain=str(release)).hint == str(release / "SGS_IPU_Toolchain_25121210")
    assert (refusal(tmp_path, toolchain=str(zoo)).hint or "").startswith(f"opendla={zoo}")


@pytest.mark.usefixtures("emulated")
def test_what_is_no_model_zoo(vendor: Path, tmp_path: Path) -> None:
    release = tmp_path / "release"
    standin.zoo(release / "OpenDLAModel")
    (tmp_path / "OpenDLAModel_20250721.tar").write_text("x")
    cases = {
        str(vendor): "is a toolchain; expected an OpenDLAModel folder",
        str(release): "is one level too high: the model zoo is OpenDLAModel",
        str(tmp_path / "OpenDLAModel_20250721.tar"): "is an archive that is not unpacked",
        str(release / "OpenDLAModel" / "config"): "is a folder with sed_eat.cfg",
    }
    for path, message in cases.items():
        assert message in refusal(tmp_path, toolchain=str(vendor), opendla=path).message


def test_a_toolchain_that_lacks_a_script(vendor: Path, tmp_path: Path) -> None:
    (vendor / "Scripts" / "calibrator" / "compiler.py").unlink()
    error = refusal(tmp_path, toolchain=str(vendor))
    assert "has no Scripts/calibrator/compiler.py, which profile 's21' runs" in error.message


def test_generations_are_told_apart(vendor: Path, tmp_path: Path) -> None:
    assert found(tmp_path, toolchain=str(vendor)).profile.name == "s21"
    for script in vendor.rglob("*.py"):
        script.write_text(standin.TOOL.replace("# takes --soc_version\n", ""))
    assert found(tmp_path, toolchain=str(vendor)).profile.name == "s1.0.9"
    modern = vendor.rename(tmp_path / "SGS_IPU_Toolchain_25121210")
    assert found(tmp_path, toolchain=str(modern)).profile.name == "s21"
    assert found(tmp_path, toolchain=str(modern), profile="1.1.5").profile.name == "1.1.5"


def argv(tmp_path: Path, vendor: Path, name: str) -> list[list[str]]:
    route = found(tmp_path, toolchain=str(vendor), profile=name)
    job = standin.job(tmp_path)
    for file in (job.float_path, job.fixed_path):
        file.write_text("x")
    steps = [*route.steps(job), route.simulation(job, job.fixed_path, job.samples)]
    return [list(step.argv) for step in steps]


def test_command_lines_of_the_generations(vendor: Path, tmp_path: Path) -> None:
    lines = {name: argv(tmp_path, vendor, name) for name in ("s21", "s1.0.9", "1.1.5", "emulated")}
    chips = {name: ["--soc_version" in line for line in found] for name, found in lines.items()}
    assert chips == {
        "s21": [True, True, False, True],
        "s1.0.9": [False] * 4,
        "1.1.5": [False] * 4,
        "emulated": [True] * 4,
    }
    shapes = {
        name: [word for word in found[0] if word.startswith("--input_shape")] for name, found in lines.items()
    }
    assert shapes["s21"] == shapes["emulated"] == ["--input_shape"]
    assert shapes["s1.0.9"] == shapes["1.1.5"] == ["--input_shapes"]
    told = [
        word
        for name in lines
        for line in lines[name]
        if "-t" in line
        for word in line[line.index("-t") :][:2]
    ]
    assert told == ["-t", "Fixed"]
    for found_lines in lines.values():
        assert [line[1].rsplit("/", 1)[1] for line in found_lines] == [
            *("ConvertTool.py", "calibrator.py", "compiler.py", "simulator.py")
        ]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_profile_is_named_like_its_file(path: Path) -> None:
    assert profile.load(path).name == path.stem
    assert profile.load(path).summary


def test_a_profile_of_one_s_own(vendor: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    text = (SHIPPED / "s21.toml").read_text()
    own.write_text(text.replace('name = "s21"', 'name = "mine"').replace('"python3"', '"/opt/python3.8"'))
    route = found(tmp_path, toolchain=str(vendor), profile=str(own))
    assert route.identity().startswith("mine ")
    assert route.steps(standin.job(tmp_path))[0].argv[0] == "/opt/python3.8"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"{chip}"', '"{chip.__class__}"', "mentions {chip.__class__}"),
        ('"{chip}"', '"{chip!r}"', "mentions {chip}"),
        ('"{chip}"', '"{0}"', "mentions {0}"),
        ('"{chip}"', '"{"', "Single '{'"),
        ('"{chip}"', '"{chipp}"', "mentions {chipp}; known are"),
        ('script = "Scripts', 'script = "/Scripts', "leads out of its folder"),
        ('results = ["{float}"]', 'results = ["../{float}"]', "leads out of its folder"),
        ('results = ["{float}"]', "results = []", "at least 1 item"),
        ("seconds = 86400", "seconds = 0", "greater than 0"),
        ('python = "python3"', 'pythn = "python3"', "python: Field required"),
        ("[image]", "[image]\nflags = 1", "flags: Extra inputs"),
        ("[image]", "[image", "Expected"),
    ],
)
def test_a_profile_that_is_wrong(vendor: Path, tmp_path: Path, old: str, new: str, message: str) -> None:
    own = tmp_path / "own.toml"
    text = (SHIPPED / "s21.toml").read_text()
    assert old in text
    own.write_text(text.replace(old, new))
    error = refusal(tmp_path, toolchain=str(vendor), profile=str(own))
    assert str(own) in error.message
    assert message in error.message


def test_a_profile_that_is_not_there(vendor: Path, tmp_path: Path) -> None:
    assert "no profile named 's22'" in refusal(tmp_path, toolchain=str(vendor), profile="s22").message
    assert "No such file" in refusal(tmp_path, toolchain=str(vendor), profile="./gone.toml").message
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    assert "decode" in refusal(tmp_path, toolchain=str(vendor), profile=str(tmp_path / "bytes.toml")).message


@pytest.mark.parametrize("name", ["--privileged", "-v/:/host", "a b", ":", "x\n"])
def test_what_is_no_image(vendor: Path, tmp_path: Path, name: str) -> None:
    assert "no name of an image" in refusal(tmp_path, toolchain=str(vendor), docker_image=name).message


def test_another_command_line_is_another_identity(vendor: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text((SHIPPED / "s21.toml").read_text())
    same = found(tmp_path, toolchain=str(vendor), profile=str(own)).identity()
    assert same == found(tmp_path, toolchain=str(vendor)).identity()
    own.write_text(own.read_text().replace('"-c", "Unknown"', '"-c", "Classification"'))
    assert found(tmp_path, toolchain=str(vendor), profile=str(own)).identity() != same


def test_versions_see_contents_and_not_places(vendor: Path, tmp_path: Path) -> None:
    before = found(tmp_path, toolchain=str(vendor)).identity()
    moved = vendor.rename(tmp_path / "elsewhere")
    for path in moved.rglob("*"):
        os.utime(path, (1, 1))
    assert found(tmp_path, toolchain=str(moved)).identity() == before
    (moved / "libs").mkdir()
    (moved / "libs" / "libx.so").write_bytes(b"123")
    assert found(tmp_path, toolchain=str(moved)).identity() != before


def test_the_default_is_the_emulated_toolchain_that_comes_with_it() -> None:
    assert find.EMULATED.name == "emulated"
    assert find.EMULATED.parent == Path(failures.__file__).parent.parent


@given(st.text(alphabet="{}abc.![]0 :chip", max_size=12))
def test_no_placeholder_reaches_more_than_its_word(text: str) -> None:
    values = dict.fromkeys(profile.KNOWN, "VALUE")
    try:
        profile._mentions(text)  # noqa: SLF001 - the rule itself, without a file around it
    except ValueError:
        return
    assert text.format_map(values) == text.replace("{chip}", "VALUE").replace("{{", "{").replace("}}", "}")

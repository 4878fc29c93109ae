"""Rendered files: the vendor's values, its rules, and what a user's template may get wrong."""

from __future__ import annotations

import ast
import subprocess
import sys
from configparser import ConfigParser
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgedla.config import Config
from edgedla.errors import UsageError
from edgedla.spec import ImageInput, ModelSpec, TensorSpec
from edgedla_eat_sed.plugin import EatSed
from edgedla_eat_sed.settings import EatOptions
from edgedla_targets.pcupid.configs import (
    InputConfig,
    ModelConfig,
    algorithm,
    config_name,
    input_config,
    model_config,
    preprocess_names,
    render_files,
)
from edgedla_targets.pcupid.options import PcupidOptions

GOLDEN = Path(__file__).parent / "golden"
EAT = EatSed(EatOptions()).spec()
RAW: Final = "RAWDATA_F32_NHWC"


def spec(*shapes: tuple[int, ...], outputs: tuple[tuple[int, ...], ...] = ((1, 10),)) -> ModelSpec:
    return ModelSpec(
        inputs=tuple(TensorSpec(name=f"in{index}", shape=shape) for index, shape in enumerate(shapes)),
        outputs=tuple(TensorSpec(name=f"out{index}", shape=shape) for index, shape in enumerate(outputs)),
        stem="net",
    )


IMAGE = spec((1, 3, 8, 9))
GREY = spec((1, 1, 8, 9))
MIXED = spec((1, 3, 8, 9), (1, 7))
NORMAL = {"mean": ("0",), "std_value": ("255",)}


def refused(network: ModelSpec, **options: object) -> UsageError:
    with pytest.raises(UsageError) as caught:
        input_config(network, PcupidOptions.model_validate(options))
    return caught.value


# --- what is rendered ---------------------------------------------------------------------------------------


def test_files_of_eat_are_the_golden_ones(tmp_path: Path) -> None:
    files = render_files(EAT, PcupidOptions(), tmp_path, model="eat_sed")
    assert list(files) == ["input_config.ini", "sed_eat.cfg", "preprocess.py"]
    for name, path in files.items():
        assert path == tmp_path / name
        assert path.read_bytes() == (GOLDEN / name).read_bytes()


def test_golden_ini_says_what_the_vendors_example_says() -> None:
    parser = ConfigParser(allow_no_value=True)
    parser.read(GOLDEN / "input_config.ini")
    assert {name: dict(parser[name]) for name in parser.sections()} == {
        "INPUT_CONFIG": {
            "inputs": "images",
            "training_input_formats": RAW,
            "input_formats": RAW,
            "quantizations": "TRUE",
        },
        "OUTPUT_CONFIG": {"outputs": "output", "dequantizations": "TRUE"},
    }


def test_golden_cfg_is_what_a_shell_takes_for_lists() -> None:
    loop = 'for m in "${Model_LIST[@]}"; do echo "$m ${SAVE_NAME_LIST[0]} $CHIP_LIST $QUANT_DATA_PATH"; done'
    done = subprocess.run(
        ["/bin/bash", "-euc", f'. "$0"; {loop}', GOLDEN / "sed_eat.cfg"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "eat_sim eat.img pcupid quant_data\n"


def test_int16_outputs_and_convolutions(tmp_path: Path) -> None:
    options = PcupidOptions(dequantizations=(False,), conv_format="ALL_INT16", tensor_arrays=("/a/Relu_0",))
    text = render_files(EAT, options, tmp_path, model="eat_sed")["input_config.ini"].read_text()
    assert "dequantizations=FALSE\n" in text
    assert text.endswith("\n[CONV_CONFIG]\ninput_format=ALL_INT16\ntensor_arrays=/a/Relu_0\n")


def test_several_tensors_are_joined_without_blanks(tmp_path: Path) -> None:
    network = spec((1, 5), (2, 3, 4), outputs=((1, 2), (1, 3, 4, 5)))
    options = PcupidOptions(dequantizations=(True, False), output_layouts=("NHWC", "NCHW"))
    files = render_files(network, options, tmp_path, model="net")
    assert list(files)[2:] == ["preprocess_in0.py", "preprocess_in1.py"] == list(preprocess_names(network))
    text = files["input_config.ini"].read_text()
    assert f"inputs=in0,in1\ntraining_input_formats={RAW},{RAW}\n" in text
    assert "outputs=out0,out1\ndequantizations=TRUE,FALSE\noutput_layouts=NHWC,NCHW\n" in text


def test_image_and_raw_input(tmp_path: Path) -> None:
    options = PcupidOptions(
        input_formats=("BGRA", RAW),
        mean=("123.675:116.28:103.53",),
        std_value=("57.375",),
        input_width_alignment=(16, 1),
    )
    text = render_files(MIXED, options, tmp_path, model="net")["input_config.ini"].read_text()
    assert f"training_input_formats=BGR,{RAW}\n" in text
    assert "mean=123.675:116.28:103.53\nstd_value=57.375\ninput_width_alignment=16,1\n" in text


PICTURE = IMAGE.model_copy(
    update={"image": ImageInput(format="BGR", mean=(1, 2, 3), std=(58.395, 57.12, 57.375))}
)


def test_an_image_needs_no_options(tmp_path: Path) -> None:
    files = render_files(PICTURE, PcupidOptions(), tmp_path, model="net")
    text = files["input_config.ini"].read_text()
    assert "training_input_formats=BGR\ninput_formats=BGR\n" in text
    assert "mean=3:2:1\nstd_value=57.375:57.12:58.395\n" in text  # red, green, blue
    assert (
        f"INPUT_SIZE_LIST={IMAGE.inputs[0].shape[3]}x{IMAGE.inputs[0].shape[2]}"
        in files["custom_net.cfg"].read_text()
    )


def test_an_image_in_another_form(tmp_path: Path) -> None:
    def ini(**options: Any) -> str:
        files = render_files(PICTURE, PcupidOptions.model_validate(options), tmp_path, model="net")
        return files["input_config.ini"].read_text()

    assert "training_input_formats=BGR\ninput_formats=YUV_NV12\n" in ini(input_formats=("YUV_NV12",))
    raw = ini(input_formats=(RAW,))
    assert f"training_input_formats={RAW}\n" in raw
    assert "mean" not in raw
    with pytest.raises(UsageError, match="is RGB, but the model was trained with BGR"):
        ini(training_input_formats=("RGB",), input_formats=("RGB",))


def test_what_is_rendered_is_read_back_the_same(tmp_path: Path) -> None:
    options = PcupidOptions(
        input_formats=("YUV_NV12", RAW),
        training_input_formats=("RGB", RAW),
        mean=("1.5:-2:3",),
        std_value=("0.001",),
        input_width_alignment=(2, 1),
        input_height_alignment=(2, 1),
        input_layouts=("NCHW", "NHWC"),
        conv_format="CONV2D_INT16",
    )
    path = render_files(MIXED, options, tmp_path, model="net")["input_config.ini"]
    assert InputConfig.parse(path.read_text(), "ini", MIXED) == input_config(MIXED, options)


SHAPES = {"GRAY": (1, 1, 4, 4), RAW: (1, 5), "RAWDATA_S16_NHWC": (5,)}
formats = st.sampled_from(["RGB", "BGR", "GRAY", "RGBA", "BGRA", RAW, "RAWDATA_S16_NHWC"])


@given(
    boards=st.lists(formats, min_size=1, max_size=3),
    flags=st.lists(st.booleans(), min_size=1, max_size=2),
    mean=st.floats(-300, 300),
    conv=st.sampled_from(["", "ALL_UINT8", "DEPTHWISE_INT16"]),
)
def test_options_are_refused_or_come_back_from_the_text(
    boards: list[str], flags: list[bool], mean: float, conv: str
) -> None:
    network = spec(*[SHAPES.get(board, (1, 3, 4, 4)) for board in boards])
    images = any("RAWDATA" not in board for board in boards)
    options = PcupidOptions.model_validate(
        {
            "input_formats": boards,
            "dequantizations": flags,
            "mean": [f"{mean:.4f}"] if images else [],
            "std_value": ["2"] if images else [],
            "conv_format": conv,
        }
    )
    with suppress(UsageError):
        config = input_config(network, options)
        text = "".join(
            f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in keys.items())
            for name, keys in config.sections().items()
        )
        assert InputConfig.parse(text, "ini", network) == config


# --- options ------------------------------------------------------------------------------------------------


def test_where_the_tools_are_stays_out_of_manifests_and_reuse_keys() -> None:
    here = PcupidOptions(
        toolchain="/opt/sgs", opendla="/opt/zoo", docker_image="sgs:1", profile="x", record="r", timeout=5
    )
    assert here.model_dump() == PcupidOptions().model_dump()
    assert here.model_dump_json() == PcupidOptions().model_dump_json()
    assert "toolchain" not in here.model_dump()
    assert PcupidOptions.model_validate(here.model_dump()) == PcupidOptions()
    assert PcupidOptions(chip="iford").model_dump() != PcupidOptions().model_dump()


def test_every_option_has_a_default_and_a_description() -> None:
    for field in PcupidOptions.model_fields.values():
        assert field.description
        assert not field.is_required()


def test_options_as_they_are_typed(tmp_path: Path) -> None:
    given = ("input_formats=RGB", "mean=123.675:116.28:103.53", "std_value=58", "dequantizations=FALSE")
    config = Config.load(
        overrides=[f"pcupid.{each}" for each in given], cwd=tmp_path, environ={}, user_file=tmp_path / "none"
    )
    options = config.options("pcupid", PcupidOptions)
    assert input_config(IMAGE, options).sections()["INPUT_CONFIG"]["mean"] == "123.675:116.28:103.53"
    assert options.dequantizations == (False,)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("input_formats", "rgb"),
        ("conv_format", "ALL_INT8"),
        ("mean", "1:2"),
        ("mean", "nan"),
        ("algorithm", "../sed"),
        ("algorithm", "/sed"),
        ("save_name", "eat img"),
        ("save_name", "$(reboot)"),
        ("config_name", "a/b.cfg"),
        ("chip", ""),
        ("quant_level", "L6"),
        ("calibration_samples", "0"),
        ("timeout", "inf"),
        ("tensor_arrays", "a b"),
    ],
)
def test_wrong_options_name_the_key(tmp_path: Path, key: str, value: str) -> None:
    config = Config.load(
        overrides=[f"pcupid.{key}={value}"], cwd=tmp_path, environ={}, user_file=tmp_path / "n"
    )
    with pytest.raises(UsageError, match=f"pcupid.{key}"):
        config.options("pcupid", PcupidOptions)


def test_options_are_cheap_to_import() -> None:
    script = (
        "import sys, edgedla_targets.pcupid.options\n"
        "print({'numpy', 'onnx', 'onnxruntime', 'jinja2', 'torch'} & sys.modules.keys() or 'cheap')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "cheap\n"


# --- names in OpenDLA's tree --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "expected"),
    [("eat_sed", "sed/eat"), ("sound-event_eat", "sound_event/eat"), ("eat", "custom/eat")],
)
def test_folder_and_file_are_named_after_task_and_network(model: str, expected: str) -> None:
    assert algorithm(EAT, PcupidOptions(), model) == expected
    assert config_name(EAT, PcupidOptions(), model) == expected.replace("/", "_") + ".cfg"


def test_names_can_be_chosen() -> None:
    options = PcupidOptions(
        algorithm="sed/mine",
        model_name="m",
        save_name="s.img",
        config_name="c.cfg",
        input_size="1x2",
        class_num=3,
    )
    assert algorithm(EAT, options, "eat_sed") == "sed/mine"
    assert config_name(EAT, options, "eat_sed") == "c.cfg"
    expected = ModelConfig(chip="pcupid", model="m", save_name="s.img", input_size="1x2", class_num=3)
    assert model_config(EAT, options) == expected


# --- rules, as options --------------------------------------------------------------------------------------


def test_raw_inputs_have_no_mean() -> None:
    for key in ("mean", "std_value"):
        error = refused(EAT, **{key: ("1",)})
        assert error.message == f"pcupid: {key} is for image inputs; with RAWDATA the tools refuse it"
        assert error.hint == f"--set pcupid.{key}=..."
        assert error.exit_code == 2


def test_images_need_mean_and_deviation() -> None:
    assert refused(IMAGE, input_formats=("RGB",), std_value=("1",)).hint == "--set pcupid.mean=..."
    assert refused(IMAGE, input_formats=("RGB",), mean=("1",)).hint == "--set pcupid.std_value=..."


def test_one_mean_per_channel() -> None:
    error = refused(GREY, input_formats=("GRAY",), mean=("1:2:3",), std_value=("1",))
    assert error.message == "pcupid: mean has 3 values for GRAY, expected 1"


def test_a_deviation_of_zero_divides_nothing() -> None:
    error = refused(IMAGE, input_formats=("RGB",), mean=("1",), std_value=("0",))
    assert error.message.startswith("pcupid: std_value: expected greater than 0")
    assert error.hint == "--set pcupid.std_value=..."


@pytest.mark.parametrize(
    ("training", "board"),
    [
        *(("RGB", "BGR"), ("BGR", "RGB"), ("RGB", "BGRA"), ("BGR", "RGBA"), ("GRAY", "RGB"), ("RGB", "GRAY")),
        *(("RGB", RAW), (RAW, "RGB"), ("RAWDATA_S16_NHWC", RAW), (RAW, "RAWDATA_S16_NHWC")),
    ],
)
def test_board_formats_that_do_not_go_with_the_training_format(training: str, board: str) -> None:
    error = refused(IMAGE, training_input_formats=(training,), input_formats=(board,), **NORMAL)
    assert f"trained with {training}, so the board may feed" in error.message
    assert error.message.endswith(f"not {board}")
    assert error.hint == "--set pcupid.input_formats=..."


@pytest.mark.parametrize(
    ("training", "board"),
    [
        *(("RGB", "RGB"), ("RGB", "RGBA"), ("RGB", "YUV_NV12"), ("BGR", "BGR"), ("BGR", "BGRA")),
        *(("BGR", "YUV_NV12"), ("GRAY", "GRAY"), ("GRAY", "YUV_NV12")),
    ],
)
def test_board_formats_that_go_with_the_training_format(training: str, board: str) -> None:
    network = GREY if training == "GRAY" else IMAGE
    options = PcupidOptions.model_validate(
        {"training_input_formats": (training,), "input_formats": (board,), **NORMAL}
    )
    assert input_config(network, options).training_input_formats == (training,)


def test_nv12_does_not_tell_what_the_network_was_trained_with() -> None:
    error = refused(IMAGE, input_formats=("YUV_NV12",), **NORMAL)
    assert error.message == "pcupid: training_input_formats is missing, which YUV_NV12 does not tell"


def test_counts() -> None:
    assert "input_formats has 2 values for 1 inputs" in refused(EAT, input_formats=(RAW, RAW)).message
    assert "dequantizations has 2 values" in refused(EAT, dequantizations=(True, False)).message
    assert "quantizations has 3 values" in refused(MIXED, quantizations=(True, True, True)).message
    both = {"input_formats": ("RGB", RAW), "mean": ("1", "2"), "std_value": ("1",)}
    assert "mean has 2 values for 1 image inputs" in refused(MIXED, **both).message


def test_raw_inputs_are_quantised() -> None:
    assert "needs quantizations TRUE" in refused(EAT, quantizations=(False,)).message
    options = PcupidOptions(input_formats=("RGB",), quantizations=(False,), mean=("0",), std_value=("1",))
    assert input_config(IMAGE, options).quantizations == (False,)


def test_images_come_first() -> None:
    network = spec((1, 7), (1, 3, 8, 9))
    error = refused(network, input_formats=(RAW, "RGB"), **NORMAL)
    assert error.message == "pcupid: image inputs come before raw ones in the vendor's tools"


@pytest.mark.parametrize(
    ("board", "width", "height"), [(RAW, 0, 0), ("RGB", 0, 0), ("RGBA", 1, 0), ("GRAY", 1, 1)]
)
def test_alignments_stand_where_they_act(board: str, width: int, height: int) -> None:
    network = GREY if board == "GRAY" else IMAGE
    normal = NORMAL if board != RAW else {}
    for key, acts in (("input_width_alignment", width), ("input_height_alignment", height)):
        if acts:
            values = {"input_formats": (board,), key: (16,), **normal}
            assert (
                input_config(network, PcupidOptions.model_validate(values)).sections()["INPUT_CONFIG"][key]
                == "16"
            )
        else:
            error = refused(network, input_formats=(board,), **{key: (16,)}, **normal)
            assert f"{key} of input 'in0' has no effect with {board}" in error.message


def test_layouts_are_for_four_dimensions() -> None:
    assert (
        "input_layouts has no effect on 'images', which has 3 dimensions"
        in refused(EAT, input_layouts=("NCHW",)).message
    )
    assert "output_layouts has no effect on 'output'" in refused(EAT, output_layouts=("NCHW",)).message
    error = refused(IMAGE, input_formats=("RGBA",), input_layouts=("NCHW",), **NORMAL)
    assert error.message == "pcupid: input 'in0' is RGBA, which has no layout NCHW"


def test_batch_one_for_four_dimensions_only() -> None:
    assert (
        "is 2 x 3 x 4 x 5; the tools take 4-D inputs of batch 1 only" in refused(spec((2, 3, 4, 5))).message
    )
    assert input_config(spec((2, 3, 4)), PcupidOptions()).inputs == ("in0",)


def test_images_have_the_channels_of_their_format() -> None:
    assert "RGB needs 1 x 3 x H x W" in refused(GREY, input_formats=("RGB",), **NORMAL).message
    assert "GRAY needs 1 x 1 x H x W" in refused(spec((1, 64)), input_formats=("GRAY",), **NORMAL).message


def test_inputs_are_float32() -> None:
    tokens = ModelSpec(inputs=(TensorSpec(name="tokens", shape=(1, 7), dtype="int64"),), outputs=EAT.outputs)
    error = refused(tokens)
    assert error.message == "pcupid: input 'tokens' is int64; the IPU takes float32 tensors and images"
    assert error.hint == "this is the model's to change"


def test_names_fit_the_tools_buffer() -> None:
    def named(count: int) -> ModelSpec:
        tensors = tuple(TensorSpec(name=f"n{index:030}", shape=(1,)) for index in range(count))
        return ModelSpec(inputs=tensors, outputs=EAT.outputs)

    assert len(input_config(named(32), PcupidOptions()).inputs) == 32  # 32 * 31 + 31 commas = 1023
    assert "have 1055 characters, the tools take 1024" in refused(named(33)).message


def test_names_are_unique() -> None:
    twice = ModelSpec(inputs=EAT.inputs * 2, outputs=EAT.outputs)
    assert "inputs name a tensor twice: images, images" in refused(twice).message


def test_the_first_convolution_is_not_widened_by_name() -> None:
    assert (
        "does not act on the network's first convolution" in refused(EAT, tensor_arrays=("images",)).message
    )


# --- a user's templates -------------------------------------------------------------------------------------


INI = (GOLDEN / "input_config.ini").read_text()
CFG = (GOLDEN / "sed_eat.cfg").read_text()


def overridden(tmp_path: Path, name: str, text: str) -> dict[str, Path]:
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.j2").write_text(text)
    return render_files(EAT, PcupidOptions(), tmp_path / "out", model="eat_sed", override=folder)


def test_a_users_template_is_taken(tmp_path: Path) -> None:
    text = (
        "; mine, by {{ sections.INPUT_CONFIG.inputs }}\n"
        + INI.replace("=TRUE", "=TRUE;")
        + "num_process=4;\n"
    )
    files = overridden(tmp_path, "input_config.ini", text)
    assert files["input_config.ini"].read_text() == text.replace(
        "{{ sections.INPUT_CONFIG.inputs }}", "images"
    )
    assert files["sed_eat.cfg"].read_text() == CFG


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("\nquantizations=TRUE", "", "[INPUT_CONFIG] has no quantizations"),
        ("\ndequantizations=TRUE", "", "[OUTPUT_CONFIG] has no dequantizations"),
        ("inputs=images\n", "", "[INPUT_CONFIG] has no inputs"),
        (f"\ninput_formats={RAW}", "", "[INPUT_CONFIG] has no input_formats"),
        ("[OUTPUT_CONFIG]\n", "", "section [OUTPUT_CONFIG] is missing"),
        (
            "\nquantizations=TRUE",
            "\nquantizations=true",
            "quantizations: expected TRUE or FALSE, found 'true'",
        ),
        ("\nquantizations=TRUE", "\nquantizations=TRUE,TRUE", "quantizations has 2 values for 1 inputs"),
        ("\nquantizations=TRUE", "\nquantizations=FALSE", "needs quantizations TRUE"),
        ("\nquantizations=TRUE", "\nquantizations=TRUE ; yes", "a comment stands on a line of its own"),
        ("\nquantizations=TRUE", "\nquantizations=TRUE # yes", "a comment stands on a line of its own"),
        ("\nquantizations=TRUE", "\nquantizations", "quantizations: has no value"),
        ("\nquantizations=TRUE", "\nquantizations=TRUE\nquantizations=TRUE", "not an ini file"),
        ("inputs=images", "inputs=images, more", "a blank in 'images, more'"),
        ("inputs=images", "inputs=images,", "an empty entry in 'images,'"),
        ("inputs=images", "inputs=/images", "inputs: expected a plain word"),
        ("inputs=images", "inputs='images'", "inputs: expected a plain word"),
        ("inputs=images", "inputs=image", "inputs are image; the network's are, in order, images"),
        ("outputs=output", "outputs=output,other", "dequantizations has 1 values for 2 outputs"),
        ("outputs=output", "outputs=%(home)s", "not an ini file"),
        (f"\ninput_formats={RAW}", "\ninput_formats=RAWDATA_S16_NHWC", "not RAWDATA_S16_NHWC"),
        (f"\ninput_formats={RAW}", "\ninput_formats=rawdata", "input_formats: expected 'RGB', 'BGR'"),
        ("[OUTPUT", "mean=1\n[OUTPUT", "mean is for image inputs"),
        ("[OUTPUT", "mean_red=1\nmean_green=1\nmean_blue=1;\n[OUTPUT", "mean is for image inputs"),
        ("[OUTPUT", "input_layouts=NCHW\n[OUTPUT", "has 3 dimensions, not 4"),
        (
            "TRUE\n\n[OUT",
            "TRUE\n\n[CONV_CONFIG]\ninput_format=ALL_INT8\n[OUT",
            "conv_format: expected '', 'ALL_UINT8'",
        ),
        (
            "TRUE\n\n[OUT",
            "TRUE\n[CONV_CONFIG]\ninput_format=ALL_INT16,ALL_INT16\n[OUT",
            "[CONV_CONFIG] input_format must have one entry, found 2",
        ),
        ("[INPUT_CONFIG]", "\ufeff[INPUT_CONFIG]", "begins with a byte order mark"),
        ("[INPUT_CONFIG]\n", "{{ '[INPUT_CONFIG]\\r\\n' }}", "has carriage returns"),
        ("[INPUT_CONFIG]\n", "", "not an ini file: File contains no section headers."),
    ],
)
def test_a_users_ini_that_the_tools_choke_on_is_refused_in_words(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert INI.count(old) == 1
    with pytest.raises(UsageError) as caught:
        overridden(tmp_path, "input_config.ini", INI.replace(old, new))
    assert reason in caught.value.message
    assert caught.value.message.startswith(
        f"input_config.ini made from {tmp_path}/mine/input_config.ini.j2: "
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "reason", "hint"),
    [
        (
            "\ndequantizations=TRUE",
            "\ndequantizations=FALSE",
            "dequantizations is FALSE, the options say TRUE",
            "--set pcupid.dequantizations=FALSE",
        ),
        (
            "TRUE\n\n[OUT",
            "TRUE\n[CONV_CONFIG]\ninput_format=ALL_INT16\n[OUT",
            "conv_format is ALL_INT16, the options say nothing",
            "--set pcupid.conv_format=ALL_INT16",
        ),
        (
            "SAVE_NAME_LIST=eat.img",
            "SAVE_NAME_LIST=mine.img",
            "SAVE_NAME_LIST is mine.img, the options say eat.img",
            "--set pcupid.save_name=mine.img",
        ),
        ("=quant_data", "=data", "QUANT_DATA_PATH is data, the options say quant_data", None),
    ],
)
def test_a_template_does_not_contradict_the_options(
    tmp_path: Path, old: str, new: str, reason: str, hint: str | None
) -> None:
    template, text = ("input_config.ini", INI) if old in INI else ("model.cfg", CFG)
    assert (INI + CFG).count(old) == 1
    with pytest.raises(UsageError) as caught:
        overridden(tmp_path, template, text.replace(old, new))
    assert caught.value.message.endswith(f"{template}.j2: {reason}")
    assert caught.value.hint == hint


def test_the_old_spelling_of_mean_is_read() -> None:
    text = (
        "[INPUT_CONFIG]\ninputs=in0;\ntraining_input_formats=RGB;\ninput_formats=YUV_NV12;\nquantizations=TRUE;\n"
        "mean_red=1.5;\nmean_green=2;\nmean_blue=3;\nstd_value=255;\n"
        "[OUTPUT_CONFIG]\noutputs=out0;\ndequantizations=FALSE;\noutput_formats=NHWC;\n"
    )
    config = InputConfig.parse(text, "ini", IMAGE)
    assert config.mean == ((1.5, 2.0, 3.0),)
    assert config.std_value == ((255.0,),)
    assert config.output_layouts == ("NHWC",)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("CHIP_LIST=pcupid", "CHIP_LIST=", "CHIP_LIST must have one entry, found 0"),
        ("CHIP_LIST=pcupid", 'CHIP_LIST="pcupid iford"', "CHIP_LIST must have one entry, found 2"),
        ("CHIP_LIST=pcupid", "CHIP_LIST=pcupid iford", "several words need quotes or brackets"),
        ("CHIP_LIST=pcupid\n", "", "CHIP_LIST must have one entry, found 0"),
        (
            "CHIP_LIST=pcupid",
            "CHIP_LIST=$(reboot)",
            "model.cfg.j2:1: CHIP_LIST: '$' means something to the shell",
        ),
        ("CHIP_LIST=pcupid", "CHIP_LIST='pcupid", "CHIP_LIST: no closing quotation"),
        ("CHIP_LIST=pcupid", "CHIP_LIST = pcupid", "expected KEY=value, found 'CHIP_LIST = pcupid'"),
        ("input_config.ini", "other.ini", "INPUT_INI_LIST is other.ini, the options say input_config.ini"),
        ("CLASS_NUM_LIST=0", "CLASS_NUM_LIST=many", "class_num: expected a valid integer"),
        ("SAVE_NAME_LIST=eat.img", "SAVE_NAME_LIST=../eat.img", "save_name: expected a plain word"),
    ],
)
def test_a_users_cfg_that_the_scripts_choke_on_is_refused(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        overridden(tmp_path, "model.cfg", CFG.replace(old, new))
    assert reason in caught.value.message
    assert str(tmp_path / "mine" / "model.cfg.j2") in caught.value.message


@pytest.mark.parametrize(
    "form", ["CHIP_LIST=(pcupid)", 'CHIP_LIST="pcupid"', "CHIP_LIST=( 'pcupid' )", "# c\nCHIP_LIST=pcupid"]
)
def test_a_users_cfg_may_write_lists_in_any_form_of_the_shell(tmp_path: Path, form: str) -> None:
    text = CFG.replace("CHIP_LIST=pcupid", form) + "MORE=x\n\n"
    files = overridden(tmp_path, "model.cfg", text)
    assert ModelConfig.parse(files["sed_eat.cfg"].read_text(), "cfg") == model_config(EAT, PcupidOptions())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def image_preprocess(path):\n    pass\n", "image_preprocess(path, norm) is missing"),
        ("def preprocess(path, norm=True):\n    pass\n", "image_preprocess(path, norm) is missing"),
        ("def image_preprocess(path, norm=True):\n    if (n := 1):\n        pass\n", ":2: not Python 3.7"),
        ("def image_preprocess(path, norm=True:\n", ":1: not Python 3.7"),
        ("x = '\0'\n", "not Python"),
        ("-" * 100_000 + "1\n", "not Python"),
    ],
)
def test_a_users_preprocess_that_the_tools_cannot_call_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(UsageError) as caught:
        overridden(tmp_path, "preprocess.py", text)
    assert reason in caught.value.message
    assert "preprocess.py.j2" in caught.value.message


def test_a_template_that_does_not_render_is_the_users(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"model\.cfg\.j2:1: 'chips' is undefined"):
        overridden(tmp_path, "model.cfg", "CHIP_LIST={{ chips }}\n")


# --- the files as the vendor's programs take them -----------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "options"),
    [
        (EAT, {}),
        (spec((7,), (1, 1, 1, 5)), {"input_layouts": ("NHWC", "NCHW")}),
        (MIXED, {"input_formats": ("RGB", RAW), **NORMAL}),
        (IMAGE, {"input_formats": ("BGR",), "input_layouts": ("NCHW",), **NORMAL}),
    ],
)
def test_files_suit_old_interpreters_and_parsers(
    tmp_path: Path, network: ModelSpec, options: dict[str, object]
) -> None:
    files = render_files(network, PcupidOptions.model_validate(options), tmp_path, model="net")
    for path in files.values():
        content = path.read_bytes()
        assert content.isascii()
        assert b"\r" not in content
        assert content.endswith(b"\n")
        assert not any(line.endswith(b" ") for line in content.split(b"\n"))
    for name in preprocess_names(network):
        ast.parse(files[name].read_text(), feature_version=(3, 7))
        subprocess.run([sys.executable, "-W", "error", files[name]], check=True, cwd=tmp_path)

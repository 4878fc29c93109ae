"""What `--set pcupid.KEY=VALUE` may say; where `input_config.ini` has such a key, under the same name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, StringConstraints

from edgedla.spec import Options

TrainingFormat = Literal["RGB", "BGR", "GRAY", "RAWDATA_S16_NHWC", "RAWDATA_F32_NHWC"]
BoardFormat = Literal[
    "RGB", "BGR", "RGBA", "BGRA", "YUV_NV12", "GRAY", "RAWDATA_S16_NHWC", "RAWDATA_F32_NHWC"
]
ConvFormat = Literal["", "ALL_UINT8", "ALL_INT16", "CONV2D_INT16", "DEPTHWISE_INT16"]
Layout = Literal["NHWC", "NCHW"]
Board = Literal["auto", "emulated:native", "emulated:aarch64", "emulated:armhf", "simulator"]
QuantLevel = Literal["L1", "L2", "L3", "L4", "L5"]

# The file of these words is read by a shell, and they become names of files and folders.
WORD = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
Word = Annotated[str, StringConstraints(pattern=rf"^{WORD}$", max_length=100)]
WordOrNone = Annotated[str, StringConstraints(pattern=rf"^({WORD})?$", max_length=100)]
FolderOrNone = Annotated[str, StringConstraints(pattern=rf"^({WORD}(/{WORD})*)?$", max_length=200)]
NUMBER = r"[0-9]+(\.[0-9]+)?"
ChannelValues = Annotated[str, StringConstraints(pattern=rf"^-?{NUMBER}(:-?{NUMBER}:-?{NUMBER})?$")]
Define = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(=[A-Za-z0-9_]*)?$")]
# Names inside the graph come from its exporter, and only must not break the list they stand in.
TensorName = Annotated[str, StringConstraints(pattern=r"^[!-~]+$", max_length=200)]


class PcupidOptions(Options):
    """Options of the pcupid target.

    Lists have one value per input or output; a single value stands for all. From `toolchain` on they say
    where programs and libraries are on this machine: no manifest holds them.
    """

    chip: Word = Field(default="pcupid", description="name of the chip in the vendor's tools")

    input_formats: tuple[BoardFormat, ...] = Field(
        default=(),
        description="what the board feeds the network with; empty: the model's image format, else "
        "RAWDATA_F32_NHWC",
    )
    training_input_formats: tuple[TrainingFormat, ...] = Field(
        default=(),
        description="what it was trained with; empty: the model's image format, else what goes with "
        "input_formats",
    )
    quantizations: tuple[bool, ...] = Field(
        default=(True,), min_length=1, description="whether inputs are quantised; raw ones are"
    )
    mean: tuple[ChannelValues, ...] = Field(
        default=(),
        description="taken from each image input's channels, m or red:green:blue; empty: the model's",
    )
    std_value: tuple[ChannelValues, ...] = Field(
        default=(),
        description="each image input's channels are divided by it, s or red:green:blue; empty: the model's",
    )
    input_width_alignment: tuple[PositiveInt, ...] = Field(
        default=(), description="the board's image buffers are this wide, or a multiple"
    )
    input_height_alignment: tuple[PositiveInt, ...] = Field(
        default=(), description="the board's image buffers are this high, or a multiple"
    )
    input_layouts: tuple[Layout, ...] = Field(default=(), description="of 4-D inputs; empty: NHWC")
    output_layouts: tuple[Layout, ...] = Field(default=(), description="of 4-D outputs; empty: NHWC")
    dequantizations: tuple[bool, ...] = Field(
        default=(True,), min_length=1, description="true: float32 outputs; false: int16, to be scaled"
    )
    conv_format: ConvFormat = Field(
        default="", description="bits of convolutions, [CONV_CONFIG] input_format; empty: by sensitivity"
    )
    tensor_arrays: tuple[TensorName, ...] = Field(
        default=(), description="first inputs of the convolutions to be made 16-bit"
    )

    quant_level: QuantLevel = Field(default="L5", description="how freely the calibrator takes 16 bit")
    calibration_samples: int = Field(
        default=50, ge=1, le=1000, description="samples to calibrate with, at most; 30 to 100 are customary"
    )

    algorithm: FolderOrNone = Field(
        default="", description="folder in the OpenDLAModel tree, as sed/eat; empty: from the model's name"
    )
    model_name: WordOrNone = Field(default="", description="Model_LIST; empty: the ONNX file's stem")
    save_name: WordOrNone = Field(default="", description="SAVE_NAME_LIST; empty: the model's stem and .img")
    config_name: WordOrNone = Field(default="", description="name of the .cfg; empty: from algorithm")
    input_size: WordOrNone = Field(
        default="", description="INPUT_SIZE_LIST, as 640x640; empty: the model's image, 0 for raw inputs"
    )
    class_num: int = Field(default=0, ge=0, description="CLASS_NUM_LIST; only detectors need it")

    toolchain: str = Field(
        default="auto",
        min_length=1,
        exclude=True,
        description="auto, emulated, the folder of SGS_IPU_Toolchain, or replay:FOLDER",
    )
    opendla: str = Field(default="", exclude=True, description="folder of OpenDLAModel; empty: not used")
    docker_image: str = Field(default="", exclude=True, description="image to run in; empty: run natively")
    profile: str = Field(
        default="auto", min_length=1, exclude=True, description="command lines of a toolchain generation"
    )
    record: str = Field(default="", exclude=True, description="folder to record the vendor's programs in")
    timeout: float = Field(
        default=7200, gt=0, exclude=True, allow_inf_nan=False, description="seconds a program may take"
    )

    sdk: str = Field(
        default="", exclude=True, description="folder of the board's SDK, to compile against; empty: emulated"
    )
    cross_compile: str = Field(
        default="", exclude=True, description="prefix of that SDK's compiler, as aarch64-linux-gnu-"
    )
    sdk_libraries: str = Field(
        default="", exclude=True, description="folder of libmi_ipu and libmi_sys; empty: found below sdk"
    )
    sdk_defines: tuple[Define, ...] = Field(
        default=(), exclude=True, description="macros of edla_port.h where the SDK's headers do not tell"
    )
    board: Board = Field(
        default="auto",
        exclude=True,
        description="where the program is run here; auto: emulated:native, or simulator where it cannot be",
    )

"""What crosses a file or plugin boundary, as frozen pydantic models."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PositiveInt, model_validator

from edgedla.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

DType = Literal["float32", "float16", "int64", "int32", "int16", "int8", "uint8"]
# Names such as `/fc/Gemm_output_0` are damaged by vendor config parsers, so tensor names are plain words.
PlainWord = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]


class Spec(BaseModel):
    """Base of all specs: immutable, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Options(Spec):
    """Base of a plugin's options. Each field needs a default and a description; they become `--set` keys."""


class TensorSpec(Spec):
    """A graph input or output: plain-word name, static shape, element type."""

    name: PlainWord
    shape: tuple[PositiveInt, ...]
    dtype: DType = "float32"


class Tolerance(Spec):
    """How far a candidate may be from its reference.

    `max_abs` is the largest absolute difference of any output element (`None`: any);
    `top1` the smallest share of samples on which both name the same class; `snr_db` the lowest
    signal-to-noise ratio over everything (`None`: any).
    """

    max_abs: float | None = Field(default=1e-4, ge=0)
    top1: float = Field(default=1.0, ge=0, le=1)
    snr_db: float | None = None


class AudioInput(Spec):
    """How the first input is made of a recording, for targets that read recordings without Python.

    Mean over the channels, resampling to `rate`, the whole recording times `peak` / max|x| (silence, a peak
    below the smallest normal float32, stays zeros), then one window as long as the tensor, zero-padded at its
    end: the first samples, or for "centre" the middle ones of a longer recording.
    """

    rate: PositiveInt  # Hz
    peak: float = Field(gt=0, le=1)  # of a normalised recording; full scale is 1
    window: Literal["start", "centre"] = "start"


class ImageInput(Spec):
    """How the first input, of axes 1, channel, height, width, is made of grey levels 0 to 255.

    Each channel is (level - `mean`) / `std`; both have one value for each channel, in the order of `format`.
    A target may then take the levels themselves, and have its network normalise them.
    """

    format: Literal["RGB", "BGR", "GRAY"]  # the order of the channels
    mean: tuple[FiniteFloat, ...]
    std: tuple[Annotated[FiniteFloat, Field(gt=0)], ...]

    @model_validator(mode="after")
    def _one_value_per_channel(self) -> Self:
        channels = 1 if self.format == "GRAY" else 3
        if (len(self.mean), len(self.std)) != (channels, channels):
            raise ValueError(f"{self.format} has {channels} channel(s), so mean and std need as many values")
        return self


class ModelSpec(Spec):
    """What a target needs to know of a model; a pure function of the model's options."""

    inputs: tuple[TensorSpec, ...] = Field(min_length=1)
    outputs: tuple[TensorSpec, ...] = Field(min_length=1)
    labels: tuple[str, ...] = ()
    stem: PlainWord = "model"  # artifacts are named after it: `<stem>.onnx`, `<stem>_sim.onnx`
    opset: int = Field(default=13, ge=9)
    tolerances: dict[str, Tolerance] = {}  # by name of the rung, stronger than the converter's own
    licence: str = ""  # of the weights
    audio: AudioInput | None = None  # None: the first input is no sound
    image: ImageInput | None = None  # None: the first input is no image
    scores: Literal["softmax", "sigmoid", "none"] = "none"  # what makes scores of the first output


class Score(Spec):
    """One class and its score, 0 to 1."""

    class_id: int
    label: str
    score: float


Point = tuple[float, float]  # x to the right, y down, pixels; the middle of the first pixel is 0.5, 0.5


class Region(Spec):
    """Something found in an image: the corners of its outline in order, and a score of 0 to 1."""

    corners: tuple[Point, ...] = Field(min_length=3)
    score: float
    label: str = ""  # of its class, where there are several


class Reading(Spec):
    """Text that was read, and a score of 0 to 1."""

    text: str
    score: float


class Prediction(Spec):
    """A model's answer about one input, of the kinds that it has."""

    top: tuple[Score, ...] = ()  # all classes, best first
    regions: tuple[Region, ...] | None = None  # empty: looked for, and none found
    reading: Reading | None = None

    @property
    def best(self) -> Score:
        """The class with the highest score.

        Raises:
            UsageError: The model does not answer with classes.
        """
        if not self.top:
            raise UsageError("the model's answers are no classes", hint="edgedla run shows what they are")
        return self.top[0]

    @property
    def numbers(self) -> Iterator[float]:
        """All scores and coordinates."""
        yield from (score.score for score in self.top)
        for region in self.regions or ():
            yield region.score
            yield from chain.from_iterable(region.corners)
        if self.reading:
            yield self.reading.score


class Metrics(Spec):
    """Difference of a candidate from its reference over some samples; see `edgedla.compare`."""

    max_abs: float
    cosine: float
    snr_db: float | None  # None: no difference at all
    top1_agree: float | None  # None: the model has no classes


class Verdict(Spec):
    """The judgement of one rung: metrics, whether they are within tolerance, and why not."""

    ok: bool
    metrics: Metrics
    reason: str = ""


class Finding(Spec):
    """One rule of a target that a graph breaks or comes close to."""

    rule: str  # stable number, such as IPU012
    level: Literal["error", "warning", "note"]
    node: str  # name of the node or tensor, "" for the whole graph
    message: str
    shape: str = ""
    limit: str = ""
    hint: str = ""  # how to rewrite it
    cost: float | None = Field(default=None, ge=0, le=1)  # estimated share of the graph's multiply-adds


class Check(Spec):
    """One thing that a target looked for on this machine, for `edgedla doctor`."""

    what: str
    status: Literal["ready", "missing", "broken"]
    detail: str = ""
    hint: str = ""  # what brings or mends it


class Credit(Spec):
    """Whom a recording is owed to."""

    author: str
    source: str  # address or title
    licence: str


class LayerError(Spec):
    """What quantisation did to one layer's output."""

    name: str  # of its output tensor
    op: str
    snr_db: float  # of the quantised output against the float one
    loss_db: float = 0.0  # how much of its input's SNR the layer itself took
    hint: str = ""  # the option that mends it

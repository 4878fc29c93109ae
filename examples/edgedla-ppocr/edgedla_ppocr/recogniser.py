"""`ppocr_rec`: what a line of text says."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from edgedla import ImageInput, Model, ModelSpec, Options, Prediction, TensorSpec, UsageError
from pydantic import Field

from edgedla_ppocr.ctc import MORE_CLASSES
from edgedla_ppocr.images import MIDDLE, SUFFIXES
from edgedla_ppocr.tolerances import tolerances
from edgedla_ppocr.weights import LICENCE, RECOGNISER, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgedla import Feed
    from PIL.Image import Image

IMAGE, COLUMNS = "image", "columns"  # tensors
HEIGHT = 48
STRIDE = 8  # pixels of the picture for each column of the answer
CHARACTERS = 6623  # of the dictionary that the bundled weights come with
DICTIONARY = "character"  # key of the graph's metadata
FIXED_SNR = 12.0  # dB, of the probabilities after quantisation; measured over the samples: 18.1


class RecogniserOptions(Options):
    """Options of `ppocr_rec`."""

    width: int = Field(default=320, ge=48, le=2048, multiple_of=STRIDE, description="of the line's picture")
    characters: tuple[str, ...] = Field(
        default=(), description="what the classes stand for; empty: the dictionary of the bundled weights"
    )


class PpocrRec(Model[RecogniserOptions]):
    """PP-OCRv4 mobile recognition: the picture of a line of text to probabilities of characters, by columns.

    A picture is brought to 48 pixels of height; what is then missing on the right is grey, and what is longer
    than `width` is squeezed, so that very long lines are read worse: `--set ppocr_rec.width=640`.
    """

    name = "ppocr_rec"
    summary = "the text of a line in a picture (PP-OCRv4 mobile recognition)"
    Options = RecogniserOptions
    requires = (WEIGHTS,)
    suffixes = SUFFIXES

    @classmethod
    def resolve(cls, options: RecogniserOptions, checkpoint: Path | None) -> RecogniserOptions:
        """The dictionary that a checkpoint has in its metadata."""
        if checkpoint is None or options.characters:
            return options
        return options.model_copy(update={"characters": dictionary(checkpoint)})

    def spec(self) -> ModelSpec:
        """One picture in, a row of probabilities for every eight of its columns out."""
        classes = (len(self.options.characters) or CHARACTERS) + MORE_CLASSES
        width = self.options.width
        return ModelSpec(
            inputs=(TensorSpec(name=IMAGE, shape=(1, 3, HEIGHT, width)),),
            outputs=(TensorSpec(name=COLUMNS, shape=(1, width // STRIDE, classes)),),
            stem="ppocr_rec",
            image=ImageInput(format="BGR", mean=(MIDDLE,) * 3, std=(MIDDLE,) * 3),
            licence=LICENCE,
            tolerances=tolerances(FIXED_SNR),
        )

    def export(self, checkpoint: Path | None, path: Path) -> None:
        """The graph of the weights, for pictures of one size."""
        from edgedla_ppocr.graph import write_fixed

        write_fixed(checkpoint or RECOGNISER.path(), self.spec(), path)

    def samples(self, limit: int) -> Iterator[Feed]:
        """The pictures that come with the plugin."""
        for path in self.sample_files()[:limit]:
            yield self.preprocess(path)

    def calibration(self, limit: int) -> Iterator[Feed]:
        """Drawn lines of other words than the samples'."""
        from edgedla_ppocr.draw import CALIBRATION, lines

        for picture in lines(CALIBRATION, limit):
            yield self.feed(picture)

    def sample_files(self) -> Sequence[Path]:
        """Drawn lines."""
        from edgedla_ppocr.draw import sample_files

        return sample_files("line")

    def preprocess(self, path: Path) -> Feed:
        """A picture in a file."""
        from edgedla_ppocr.images import read_image

        return self.feed(read_image(path))

    def feed(self, picture: Image) -> Feed:
        """A picture in memory."""
        from edgedla_ppocr.images import line, tensor

        return {IMAGE: tensor(line(picture, self.options.width, HEIGHT))}

    def postprocess(self, outputs: Feed) -> Prediction:
        """The text, and the mean probability of its characters."""
        from edgedla_ppocr.ctc import read

        return Prediction(reading=read(outputs[COLUMNS][0], self._characters()))

    def _characters(self) -> tuple[str, ...]:
        return self.options.characters or _bundled()


def dictionary(path: Path) -> tuple[str, ...]:
    """The characters that a recogniser's ONNX file says its classes stand for.

    Raises:
        UsageError: It is no ONNX file, or names none.
    """
    from edgedla_ppocr.weights import load

    found = {entry.key: entry.value for entry in load(path).metadata_props}
    if DICTIONARY not in found:
        raise UsageError(
            f"'{path}' does not say which characters it knows: its metadata has no '{DICTIONARY}'",
            hint="add them to the ONNX file, one a line, or give --set ppocr_rec.characters=a,b,c",
        )
    return tuple(found[DICTIONARY].removesuffix("\n").split("\n"))


@cache
def _bundled() -> tuple[str, ...]:
    return dictionary(RECOGNISER.path())

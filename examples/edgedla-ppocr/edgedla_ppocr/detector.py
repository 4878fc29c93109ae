"""`ppocr_det`: where in a picture there is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgedla import ImageInput, Model, ModelSpec, Options, Prediction, TensorSpec
from pydantic import Field

from edgedla_ppocr.images import MIDDLE, SUFFIXES
from edgedla_ppocr.tolerances import tolerances
from edgedla_ppocr.weights import DETECTOR, LICENCE, WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgedla import Feed
    from PIL.Image import Image

IMAGE, TEXT = "image", "text"  # tensors
FIXED_SNR = 15.0  # dB, of the map after quantisation; measured over the samples: 20.7


class DetectorOptions(Options):
    """Options of `ppocr_det`."""

    width: int = Field(default=640, ge=32, le=2048, multiple_of=32, description="of the network's picture")
    height: int = Field(default=640, ge=32, le=2048, multiple_of=32, description="of the network's picture")
    score: float = Field(default=0.5, ge=0, le=1, description="mean of the map that makes a region text")
    widening: float = Field(default=1.6, ge=0, le=10, description="how far the regions' edges are moved out")


class PpocrDet(Model[DetectorOptions]):
    """PP-OCRv4 mobile detection: a picture to a map of how likely each pixel is the core of a line of text.

    A picture is made as large as it fits and put into the upper left corner of the network's, which is grey
    elsewhere; `locate` takes regions back to the file's own pixels.
    """

    name = "ppocr_det"
    summary = "lines of text in a picture (PP-OCRv4 mobile detection)"
    Options = DetectorOptions
    requires = (WEIGHTS,)
    suffixes = SUFFIXES

    def spec(self) -> ModelSpec:
        """One picture in, one map of the same size out."""
        height, width = self.options.height, self.options.width
        return ModelSpec(
            inputs=(TensorSpec(name=IMAGE, shape=(1, 3, height, width)),),
            outputs=(TensorSpec(name=TEXT, shape=(1, 1, height, width)),),
            stem="ppocr_det",
            image=ImageInput(format="BGR", mean=(MIDDLE,) * 3, std=(MIDDLE,) * 3),
            licence=LICENCE,
            tolerances=tolerances(FIXED_SNR),
        )

    def export(self, checkpoint: Path | None, path: Path) -> None:
        """The graph of the weights, for pictures of one size."""
        from edgedla_ppocr.graph import write_fixed

        write_fixed(checkpoint or DETECTOR.path(), self.spec(), path)

    def samples(self, limit: int) -> Iterator[Feed]:
        """The pictures that come with the plugin."""
        for path in self.sample_files()[:limit]:
            yield self.preprocess(path)

    def calibration(self, limit: int) -> Iterator[Feed]:
        """Drawn pages of other words than the samples'."""
        from edgedla_ppocr.draw import CALIBRATION, pages

        for picture in pages(CALIBRATION, limit):
            yield self.feed(picture)

    def sample_files(self) -> Sequence[Path]:
        """Drawn pages."""
        from edgedla_ppocr.draw import sample_files

        return sample_files("page")

    def preprocess(self, path: Path) -> Feed:
        """A picture in a file."""
        from edgedla_ppocr.images import read_image

        return self.feed(read_image(path))

    def feed(self, picture: Image) -> Feed:
        """A picture in memory."""
        from edgedla_ppocr.images import letterbox, tensor

        return {IMAGE: tensor(letterbox(picture, self.options.width, self.options.height))}

    def postprocess(self, outputs: Feed) -> Prediction:
        """Regions in pixels of the network's picture, in reading order."""
        from edgedla_ppocr.regions import Rule, find_regions

        rule = Rule(self.options.score, self.options.widening)
        return Prediction(regions=tuple(find_regions(outputs[TEXT][0, 0], rule)))

    def locate(self, prediction: Prediction, path: Path) -> Prediction:
        """Regions in pixels of the file's picture."""
        from edgedla_ppocr.images import read_image

        return self.placed(prediction, read_image(path).size)

    def placed(self, prediction: Prediction, size: tuple[int, int]) -> Prediction:
        """Regions in pixels of a picture of `size` (width, height), no corner outside it."""
        from edgedla_ppocr.images import letterbox_scale

        scale = letterbox_scale(size, self.options.width, self.options.height)
        regions = tuple(
            region.model_copy(
                update={
                    "corners": tuple(
                        (min(max(x / scale, 0.0), size[0]), min(max(y / scale, 0.0), size[1]))
                        for x, y in region.corners
                    )
                }
            )
            for region in prediction.regions or ()
        )
        return prediction.model_copy(update={"regions": regions})

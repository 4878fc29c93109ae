"""EAT, the End-to-end Audio Transformer, as an edgedla model."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from edgedla.model import Model, Sound, Window
from edgedla.requirement import TORCH
from edgedla.spec import AudioInput, Credit, ModelSpec, Prediction, TensorSpec, Tolerance
from edgedla_eat_sed.checkpoint import find_checkpoint
from edgedla_eat_sed.resolve import check_options, generic_names, resolve_options
from edgedla_eat_sed.settings import PEAK, EatOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edgedla.model import Disturbance, Measure
    from edgedla.runner import Feed
    from edgedla.trainer import Trainer
    from edgedla_eat_sed.network import SoundNetRaw
    from edgedla_eat_sed.training.options import TrainOptions

INPUT, OUTPUT = "images", "output"
"""Tensor names that the vendor's example of this network uses."""


class EatSed(Model[EatOptions]):
    """Sound events from raw audio by EAT of "End-to-End Audio Strikes Back" (arXiv 2204.11479).

    Not the "Efficient Audio Transformer" of arXiv 2401.03497, which is also called EAT.
    """

    name = "eat_sed"
    summary = "sound event detection from raw audio (EAT, End-to-end Audio Transformer)"
    Options = EatOptions
    requires = (TORCH,)
    suffixes = (
        ".wav",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
        ".mp3",
        ".aif",
        ".aiff",
        ".au",
        ".caf",
        ".rf64",
        ".w64",
    )

    @classmethod
    def resolve(cls, options: EatOptions, checkpoint: Path | None) -> EatOptions:
        """Options with the checkpoint's settings and class names; afterwards neither file is needed."""
        return resolve_options(options, find_checkpoint(checkpoint))

    @classmethod
    def trainer(cls) -> type[Trainer[TrainOptions]]:
        """Upstream's recipe, anew."""
        from edgedla_eat_sed.training.trainer import EatTrainer

        return EatTrainer

    def spec(self) -> ModelSpec:
        """`images` (1, 1, seq_len) in, raw audio in -1 … 1; `output` (1, n_classes) out, logits."""
        options = self.options
        return ModelSpec(
            inputs=(TensorSpec(name=INPUT, shape=(1, 1, options.seq_len)),),
            outputs=(TensorSpec(name=OUTPUT, shape=(1, options.n_classes)),),
            labels=options.class_names or generic_names(options.n_classes),
            stem="eat",
            opset=13,
            tolerances={"onnx": Tolerance(max_abs=1e-4, top1=1.0)},
            licence=options.licence,
            audio=AudioInput(rate=options.sampling_rate, peak=PEAK, window=options.window),
            scores="softmax",
        )

    def load(self, checkpoint: Path | None) -> SoundNetRaw:
        """The network of these options with the checkpoint's weights, in eval mode."""
        TORCH.check()
        from edgedla_eat_sed.network import SoundNetRaw
        from edgedla_eat_sed.state import load_state

        found = find_checkpoint(checkpoint)
        check_options(self.options, found)
        network = SoundNetRaw(self.options)
        load_state(network, found.weights)
        return network.eval()

    def export(self, checkpoint: Path | None, path: Path) -> None:
        """Write the graph with 2-D convolutions of height 1, which embedded converters keep intact."""
        network = self.load(checkpoint)
        from edgedla.export import export_torch
        from edgedla_eat_sed.export import HeightOne

        export_torch(HeightOne(network), self.spec(), path)

    def export_plain(self, checkpoint: Path | None, path: Path) -> None:
        """Write the graph with 1-D convolutions, as torch exports the network by itself."""
        from edgedla.export import export_torch

        export_torch(self.load(checkpoint), self.spec(), path)

    def sample_files(self) -> Sequence[Path]:
        """The bundled clips."""
        from edgedla_eat_sed import samples

        return samples.files()

    def samples(self, limit: int) -> Iterator[Feed]:
        """Bundled clips as model input."""
        return map(self.preprocess, islice(self.sample_files(), limit))

    def calibration(self, limit: int) -> Iterator[Feed]:
        """Bundled clips of the training folds only."""
        from edgedla_eat_sed import samples

        return map(self.preprocess, islice(samples.calibration_files(), limit))

    def held_out(self, path: Path) -> bool:
        """Whether a file is a clip of ESC's fold 1, on which accuracy is measured."""
        from edgedla_eat_sed import samples

        return samples.is_test_clip(path)

    def trained_on(self, path: Path) -> bool:
        """Whether a file is a clip of ESC's folds 2 to 5, on which the bundled weights were trained."""
        from edgedla_eat_sed import samples

        return samples.is_training_clip(path)

    def credit(self, path: Path) -> Credit | None:
        """Author, source and licence of a bundled clip."""
        from edgedla_eat_sed import samples

        return samples.credit(path)

    def preprocess(self, path: Path) -> Feed:
        """An audio file as one input: resampled, mixed to mono, cut or padded to seq_len."""
        from edgedla_eat_sed.audio import model_input

        options = self.options
        return {INPUT: model_input(path, options.sampling_rate, options.seq_len, options.window)}

    @contextmanager
    def sound(self, path: Path) -> Iterator[Sound]:
        """The recording in any format libsndfile reads, mean over its channels, at its own rate."""
        from edgedla_eat_sed.decode import recording

        with recording(path) as source:
            yield Sound(source.rate, source.blocks())

    def disturbances(self) -> Sequence[Disturbance]:
        """What a microphone, its amplifier and the room do."""
        from edgedla import sound

        return sound.DISTURBANCES

    def disturb(self, path: Path, kind: str, amount: float, seed: int) -> Feed:
        """An audio file as one input, disturbed at its own rate before everything else."""
        from edgedla_eat_sed.audio import disturbed_input

        options = self.options
        audio = disturbed_input(
            path, options.sampling_rate, options.seq_len, options.window, kind=kind, amount=amount, seed=seed
        )
        return {INPUT: audio}

    def measures(self) -> Sequence[Measure]:
        """Loudness, crest factor and silence."""
        from edgedla import sound

        return sound.MEASURES

    def measure(self, path: Path) -> tuple[float, ...]:
        """The three of a recording."""
        from edgedla_eat_sed.audio import measure

        return measure(path)

    def windows(self, path: Path) -> Iterator[Window]:
        """A long recording in windows of seq_len samples, `hop` of one apart."""
        from edgedla_eat_sed.audio import slide

        options = self.options
        hop = max(1, round(options.hop * options.seq_len))
        for start, end, audio in slide(path, options.sampling_rate, options.seq_len, hop):
            yield Window(start, end, {INPUT: audio})

    def postprocess(self, outputs: Feed) -> Prediction:
        """Logits as scores that sum to one, best first."""
        from edgedla_eat_sed.postprocess import prediction

        return prediction(outputs[OUTPUT], self.spec().labels)

"""Running a .sim or .img here: in this process where it is emulated, else by the vendor's simulator."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgedla.runner import RunnerBase
from edgedla_targets.pcupid import configs
from edgedla_targets.pcupid.samples import for_tools, write_samples
from edgedla_targets.pcupid.simtext import read_outputs
from edgedla_targets.pcupid.vendor.find import find_route
from edgedla_targets.pcupid.work import make_job

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edgedla.runner import Feed
    from edgedla.spec import ModelSpec, TensorSpec
    from edgedla.toolchain import Toolchain
    from edgedla_targets.pcupid.emulated.network import Network
    from edgedla_targets.pcupid.options import PcupidOptions


def simulator(
    path: Path, model: str, spec: ModelSpec, options: PcupidOptions, tools: Toolchain
) -> EmulatedNetwork | VendorSimulator:
    """What runs the file at `path`: emulated files say so themselves, all others are the vendor's."""
    from edgedla_targets.pcupid.emulated.container import IMAGE, SIM

    with path.open("rb") as file:
        emulated = file.read(len(SIM)) in (SIM, IMAGE)
    if emulated:
        return EmulatedNetwork(path, spec, options)
    return VendorSimulator(path, model, spec, options, tools)


class EmulatedNetwork(RunnerBase):
    """An emulated network in this process; arrays go in and out with the names and axes of ONNX."""

    def __init__(self, path: Path, spec: ModelSpec, options: PcupidOptions) -> None:
        self._network = _load(path, options.chip)
        self._spec = spec
        self._config = configs.input_config(spec, options)

    def run(self, feed: Feed) -> Feed:
        """All outputs for one set of inputs."""
        import numpy as np

        config = self._config
        found = self._network.run_floats({t.name: self._input(feed[t.name], t) for t in self._spec.inputs})
        return {
            tensor.name: found[tensor.name].transpose(np.argsort(config.output_axes(tensor)))
            for tensor in self._spec.outputs
        }

    def _input(self, array: npt.NDArray[Any], tensor: TensorSpec) -> npt.NDArray[Any]:
        """Float networks take images as the model has them; the others have mean and deviation inside."""
        if self._network.header.kind == "float":
            return array.transpose(self._config.input_axes(tensor))
        return for_tools(array, tensor, self._config, "input")


class VendorSimulator(RunnerBase):
    """The vendor's simulator: samples as files, many in one call, answers as text with six decimals."""

    def __init__(
        self, path: Path, model: str, spec: ModelSpec, options: PcupidOptions, tools: Toolchain
    ) -> None:
        self._path = path
        self._model = model
        self._spec = spec
        self._options = options
        self._route = find_route(options, tools)
        self._folder = Path(tempfile.mkdtemp(prefix="edgedla-simulate-"))

    def run(self, feed: Feed) -> Feed:
        """All outputs for one set of inputs."""
        return self.run_all([feed])[0]

    def run_all(self, feeds: Sequence[Feed]) -> list[Feed]:
        """All outputs for several sets of inputs, by one call of the simulator."""
        config = configs.input_config(self._spec, self._options)
        samples = write_samples(feeds, self._spec, config, self._folder / "samples", len(feeds))
        # The build's own files stand beside the network; a user's template may have made them.
        place = self._path.parent
        job = make_job(
            self._spec, self._options, self._model, folder=self._folder, place=place, samples=samples
        )
        texts = self._route.simulate(job, self._path, samples)
        return [read_outputs(text, self._spec, config) for text in texts]

    def close(self) -> None:
        """Remove the samples."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _load(path: Path, chip: str) -> Network:
    from edgedla_targets.pcupid.emulated import sim
    from edgedla_targets.pcupid.emulated.image import Image

    return Image.load(path, chip) if path.suffix == ".img" else sim.load(path)

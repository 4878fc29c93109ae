"""calibrator.py: samples and a float.sim become `<name>_fixed.sim`."""

from __future__ import annotations

import shutil
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated import ini, native, samples, workplace
from edgedla_targets.pcupid.emulated.console import BANNER, add_chip, native_refusal, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import onnx

    from edgedla.runner import Feed
    from edgedla_targets.pcupid.emulated.header import Header, Tensor
    from edgedla_targets.pcupid.emulated.network import Network
    from edgedla_targets.pcupid.emulated.quantise import Widths
    from edgedla_targets.pcupid.emulated.statistics import Range

CATEGORIES = ("Classification", "Detection", "Unknown")


def main(arguments: list[str] | None = None) -> None:
    """Run the tool; exit status and exceptions are the vendor's."""
    options = _parser().parse_args(arguments)
    say(BANNER)
    if options.quant_file is not None:
        raise NotImplementedError("--quant_file is not emulated")
    with workplace.log():
        calibrate(options)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="calibrator.py")
    parser.add_argument("-i", "--image", required=True)
    parser.add_argument("-m", "--model", type=Path, required=True)
    parser.add_argument("--input_config", type=Path, required=True)
    parser.add_argument("-n", "--preprocess")
    parser.add_argument("-c", "--category", choices=CATEGORIES, default="Unknown")
    parser.add_argument("--quant_level", choices=("L1", "L2", "L3", "L4", "L5"), default="L5")
    parser.add_argument("-sth", type=float, default=0.002)
    parser.add_argument("--num_process", type=int, default=10)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--quant_file")
    parser.add_argument("--save_quant_info", action="store_true")
    parser.add_argument("--show_log", action="store_true")
    add_chip(parser)
    return parser


def calibrate(options: Namespace) -> None:
    """Statistics over the samples, then the fixed network."""
    from edgedla_targets.pcupid.emulated import container, sim
    from edgedla_targets.pcupid.emulated.quantise import Widths

    network = sim.load(options.model)
    workplace.check_chip(network.header, options.soc_version)
    if network.header.kind != "float":
        raise ValueError(f"{options.model} is not a float model")
    config = ini.read(options.input_config)
    native.check(config)
    ranges, model = _statistics(network, options)
    say("Start to convert model...")
    output = workplace.result(options.output, options.model, _fixed_name(options.model.name))
    widths = Widths.read(config, options.quant_level, options.sth)
    header = _fix(network, model, config, ranges, widths)
    container.write(output, header, model.SerializeToString(deterministic=True))
    shutil.copyfile(options.model, output.with_name(f"{_stem(options.model.name)}_cmodel_float.sim"))
    say(f"Fixed model at: {output.absolute()}")
    say("Run convert model OK.")


def _stem(name: str) -> str:
    return name.removesuffix(".sim").removesuffix("_float")


def _fixed_name(name: str) -> str:
    return f"{_stem(name)}_fixed.sim"


def _statistics(network: Network, options: Namespace) -> tuple[dict[str, Range], onnx.ModelProto]:
    import onnx

    from edgedla_targets.pcupid.emulated import statistics

    model = onnx.ModelProto.FromString(network.payload)
    say("Start to analysis model...")
    ranges = statistics.collect(model, _feeds(network, options))
    lines = [f"{name} {span.low:.9g} {span.high:.9g}\n" for name, span in ranges.items()]
    Path("tensor_min_max.txt").write_text("".join(lines), encoding="utf-8")
    say("Run statistics OK.")
    return ranges, model


def _feeds(network: Network, options: Namespace) -> Iterator[Feed]:
    functions = samples.load_preprocess(options.preprocess)
    readers = [lambda path, read=read: read(path, True) for read in functions]  # noqa: FBT003 - `norm`, by position
    for files in samples.find(options.image):
        if not all(Path(file).name.isascii() for file in files):
            raise native_refusal("sgs_AnalysisModel")  # the vendor's hangs here
        yield samples.feed(network, files, readers)


def _fix(
    network: Network, model: onnx.ModelProto, config: ini.Config, ranges: Mapping[str, Range], widths: Widths
) -> Header:
    """Turn `model` into the fixed network; its header."""
    from edgedla_targets.pcupid.emulated import quantise

    size = _variable_buffer_size(model)
    kinds = zip(config.inputs, config.training_formats, strict=True)
    raw = [name for name, kind in kinds if kind.startswith("RAWDATA")]
    bits = list(quantise.quantise(model, ranges, widths, raw).values())
    say(f"Convolutions: {bits.count(8)} with 8 bits, {bits.count(16)} with 16 bits")
    inputs, outputs = _ends(network, model, config, ranges)
    return network.header.model_copy(
        update={"kind": "fixed", "inputs": inputs, "outputs": outputs, "variable_buffer_size": size}
    )


def _ends(
    network: Network, model: onnx.ModelProto, config: ini.Config, ranges: Mapping[str, Range]
) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    from edgedla_targets.pcupid.emulated import boundary, qdq

    scales = {name: qdq.symmetric_scale(span.low, span.high) for name, span in ranges.items()}
    inputs = tuple(
        boundary.set_fixed_input(model, config, index, tensor, scales[tensor.name])
        for index, tensor in enumerate(network.inputs)
    )
    outputs = tuple(
        boundary.set_fixed_output(model, tensor, scales[tensor.name], float32=config.dequantized(index))
        for index, tensor in enumerate(network.outputs)
    )
    return inputs, outputs


def _variable_buffer_size(model: onnx.ModelProto) -> int:
    """Bytes of the int16 tensors that the hungriest node holds at once: the least that a board needs."""
    from math import prod

    from edgedla_targets.pcupid.emulated.graph import shape

    sizes = {value.name: 2 * prod(shape(value)) for value in [*model.graph.value_info, *model.graph.output]}
    return max(sum(sizes.get(name, 0) for name in {*node.input, *node.output}) for node in model.graph.node)

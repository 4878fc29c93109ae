"""simulator.py: runs a float.sim, a fixed.sim or an image on samples and writes what it answers as text."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgedla_targets.pcupid.emulated import samples, workplace
from edgedla_targets.pcupid.emulated.calibrator import CATEGORIES
from edgedla_targets.pcupid.emulated.console import BANNER, ConverterError, add_chip, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.runner import Feed
    from edgedla_targets.pcupid.emulated.network import Network

KINDS = {"Float": "float", "Fixed": "fixed", "Offline": "offline"}


def main(arguments: list[str] | None = None) -> None:
    """Run the tool; exit status and exceptions are the vendor's."""
    options = _parser().parse_args(arguments)
    say(BANNER)
    with workplace.log():
        simulate(options)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="simulator.py")
    parser.add_argument("-i", "--image", required=True)
    parser.add_argument("-m", "--model", type=Path, required=True)
    parser.add_argument("-n", "--preprocess")
    parser.add_argument("-c", "--category", choices=CATEGORIES, default="Unknown")
    parser.add_argument("-t", "--type", choices=tuple(KINDS))
    parser.add_argument("-l", "--label")
    parser.add_argument("--input_config")
    parser.add_argument("--num_process", type=int, default=1)
    parser.add_argument("--draw_result")
    for name in ("--dump_rawdata", "--skip_garbage", "--continue_run", "--show_log"):
        parser.add_argument(name, action="store_true")
    add_chip(parser)
    return parser


def simulate(options: Namespace) -> None:
    """Run all samples, one after the other; results of those before a failure stay."""
    from edgedla_targets.pcupid.emulated.network import Network

    network = Network.read(options.model)
    workplace.check_chip(network.header, options.soc_version)
    if options.type is not None and KINDS[options.type] != network.header.kind:
        raise ValueError(f"{options.model} is a {network.header.kind} model, not {options.type}")
    if options.category == "Detection":
        raise ValueError("The model has no detection output")
    norm = network.header.kind == "float"
    readers = [partial(function, norm=norm) for function in samples.load_preprocess(options.preprocess)]
    for files in samples.find(options.image):
        feed = samples.feed(network, files, readers)
        _run(network, files, feed, options)
    say(f"Simulated {options.model}: results in {workplace.LOG / workplace.OUTPUT}")


def _run(network: Network, files: Sequence[str], feed: Feed, options: Namespace) -> None:
    from edgedla_targets.pcupid.emulated import text

    name = Path(files[0]).name
    if ":" in name:
        raise ConverterError("Run simulator failed")
    if options.dump_rawdata:
        _dump(network, name, feed)
    results = network.run_floats(feed)
    workplace.OUTPUT.mkdir(exist_ok=True)
    result = workplace.OUTPUT / f"{options.category.lower()}_{options.model.name}_{name}.txt"
    with result.open("w", encoding="utf-8") as file:
        if options.category == "Classification":
            file.write(text.classification(name, results))
            return
        aligned = network.header.kind != "float" and not options.skip_garbage
        file.writelines(text.tensor(key, values, aligned=aligned) for key, values in results.items())


def _dump(network: Network, name: str, feed: Feed) -> None:
    from edgedla_targets.pcupid.emulated.network import encode

    for index, tensor in enumerate(network.inputs):
        suffix = f"_input{index}" if len(network.inputs) > 1 else ""
        Path(f"{name}{suffix}.bin").write_bytes(encode(tensor, feed[tensor.name]).tobytes())

"""compiler.py: a fixed.sim becomes the image that a board loads."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from edgedla_targets.pcupid.emulated import workplace
from edgedla_targets.pcupid.emulated.calibrator import CATEGORIES
from edgedla_targets.pcupid.emulated.console import BANNER, add_chip, red, say

MAX_BATCH_TYPES = 10


def main(arguments: list[str] | None = None) -> None:
    """Run the tool; exit status and exceptions are the vendor's."""
    options = _parser().parse_args(arguments)
    say(BANNER)
    pack(options)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="compiler.py")
    parser.add_argument("-m", "--model", type=Path, required=True)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("-b", "--batch", default="1")
    parser.add_argument("--batch_mode", choices=("n_buf", "one_buf"), default="n_buf")
    parser.add_argument("--inplace_input_buf", choices=("True", "False"), default="True")
    parser.add_argument("--input_config", type=Path)
    parser.add_argument("-c", "--category", choices=CATEGORIES, default="Unknown")
    parser.add_argument("-l", "--lfw", type=Path)
    parser.add_argument("--show_log", action="store_true")
    add_chip(parser)
    return parser


def pack(options: Namespace) -> None:
    """The numbers of the fixed network, unchanged, with what a board needs to know of them."""
    from edgedla_targets.pcupid.emulated import container, sim

    started = time.monotonic()
    network = sim.load(options.model)
    workplace.check_chip(network.header, options.soc_version)
    if network.header.kind != "fixed":
        raise ValueError(f"{options.model} is not a fixed model")
    header = network.header.model_copy(update={"kind": "offline", **_batch(options)})
    output = workplace.result(options.output, options.model, f"{options.model.name}_sgsimg.img")
    say(red("Start to run convert offline network..."))
    say(red(f"Run Offline OK. Cost time: {time.monotonic() - started:.1f}s"))
    say(red("Start to run pack tool..."))
    container.write(output, header, network.payload)
    say(red(f"Offline model at: {output.absolute()}"))
    say(red("Run Pack Tool OK."))


def _batch(options: Namespace) -> dict[str, object]:
    batches = tuple(int(number) for number in options.batch.split(","))
    inplace = options.inplace_input_buf == "True"
    most = 1 if options.batch_mode == "n_buf" else MAX_BATCH_TYPES
    if len(batches) > most or min(batches) < 1:
        raise ValueError(f"--batch {options.batch} does not go with --batch_mode {options.batch_mode}")
    if not inplace and options.batch_mode == "n_buf":
        raise ValueError("--inplace_input_buf False only goes with --batch_mode one_buf")
    return {"batch_mode": options.batch_mode, "batches": batches, "inplace_input_buf": inplace}

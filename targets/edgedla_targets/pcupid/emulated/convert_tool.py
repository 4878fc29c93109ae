"""ConvertTool.py: an ONNX file and an ini become `<name>_float.sim`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

import edgedla
from edgedla_targets.pcupid.emulated import ini
from edgedla_targets.pcupid.emulated.console import BANNER, add_chip, red, say

DEFAULT_NAME = "Converted_Net_float.sim"
# Flags of the vendor's that change the result in ways the emulated tool does not know.
NOT_EMULATED = ("quant_file", "postprocess", "postprocess_input_config")


def main(arguments: list[str] | None = None) -> None:
    """Run the tool; exit status and exceptions are the vendor's."""
    options = _parser().parse_args(arguments)
    say(BANNER)
    for name in NOT_EMULATED:
        if getattr(options, name) is not None:
            raise NotImplementedError(f"--{name} is not emulated")
    convert(options)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="ConvertTool.py")
    onnx = parser.add_subparsers(dest="platform", required=True).add_parser("onnx")
    onnx.add_argument("--model_file", required=True)
    onnx.add_argument("--input_shapes", required=True)
    onnx.add_argument("--input_config", type=Path, required=True)
    onnx.add_argument("--output_file", type=Path, required=True)
    for name in ("--input_arrays", "--output_arrays", "--output_pack_model_arrays"):
        onnx.add_argument(name)
    for name in NOT_EMULATED:
        onnx.add_argument(f"--{name}")
    for name in ("--skip_simplify", "--fixedC2fixedWO", "--show_log"):
        onnx.add_argument(name, action="store_true")
    add_chip(onnx)
    return parser


def convert(options: Namespace) -> None:
    """Front end, `Debug_` file, native part, float.sim; an old float.sim is gone whatever happens."""
    output = _output(options.output_file)
    config = ini.read(options.input_config)
    if options.output_pack_model_arrays == "onnx":
        ini.write_layouts(config, options.input_config, "NCHW")
    options.input_config.with_name(f"autogen_{options.input_config.name}").unlink(missing_ok=True)
    output.unlink(missing_ok=True)
    _convert(options, config, output)


def _output(path: Path) -> Path:
    if path.is_dir():
        return path / DEFAULT_NAME
    if not path.absolute().parent.is_dir():
        raise OSError(red(f"Could not access path: {path}"))
    return path


def _convert(options: Namespace, config: ini.Config, output: Path) -> None:
    from edgedla_targets.pcupid.emulated import boundary, container, graph, native, operators
    from edgedla_targets.pcupid.emulated.header import Header

    source = Path(options.model_file)
    try:
        model = graph.load(source)
        graph.set_inputs(model, config.inputs, options.input_shapes)
        model = graph.infer(model)
    except graph.LeaveQuietlyError as error:
        say(red(str(error)))
        return
    graph.select_outputs(model, config.outputs)
    operators.check(model)
    source.with_name(f"{source.stem}_refine.onnx").write_bytes(model.SerializeToString())
    operators.misread(model)
    inputs, outputs = boundary.set_layouts(model, config)
    payload = model.SerializeToString(deterministic=True)
    output.with_name(f"Debug_{output.name}").write_bytes(b"emulated debug graph, not to be run\n" + payload)
    native.check(config)
    graph.try_native(payload)
    header = Header(
        edgedla=edgedla.__version__, chip=options.soc_version, kind="float", inputs=inputs, outputs=outputs
    )
    container.write(output, header, payload)
    say(f"Float model at: {output.absolute()}")

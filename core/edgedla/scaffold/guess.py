"""From an ONNX file to a plan: what the file says, and a guess, said as such, where it says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgedla.errors import UsageError
from edgedla.render import visible
from edgedla.scaffold import graph, metadata, samples
from edgedla.scaffold.onnx_file import read_onnx
from edgedla.scaffold.plan import Guess, Kind, Plan, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnx import ModelProto

    from edgedla.scaffold.graph import Tensor

RATE = 16000  # Hz
SIDE = 224  # pixels
SMALLEST_SIDE = 8  # pixels; what is smaller is rather a map of features
SHORTEST = 4000  # samples; what is shorter is rather a vector of features
MOST_CLASSES = 10_000
IMAGE_AXES, CHANNELS = 4, (1, 3)


def plan_for(path: Path, kind: Kind | None, shapes: Mapping[str, tuple[int, ...]]) -> Plan:
    """The plan for the network in a file.

    Args:
        path: The ONNX file.
        kind: What its input is; `None`: to be guessed.
        shapes: Sizes of its inputs by their names in the file, where the user gave them.

    Raises:
        UsageError: The file cannot be used; says why.
    """
    model = read_onnx(path)
    source = str(visible(path.name))
    opset = graph.opset_of(model)
    found = graph.inputs_of(model)
    guessed: list[Guess] = []
    given = graph.with_shapes(found, shapes)
    kind = _kind(given, kind, guessed)
    inputs = [_complete(tensor, kind, guessed) for tensor in given]
    inputs, outputs, changed = _settle(model, found, inputs)
    labels, scores = _meaning(model, outputs, guessed)
    _guess_rest(kind, model, guessed)
    specs = tuple(tensor.spec() for tensor in inputs)
    return Plan(
        kind=kind,
        summary=metadata.summary(model) or f"the network of {source}",
        inputs=specs,
        outputs=tuple(tensor.spec() for tensor in outputs),
        opset=opset,
        labels=labels,
        scores=scores,
        licence=metadata.licence(model),
        rate=RATE if kind == "audio" else 0,
        samples=samples.placeholders(kind, specs, RATE),
        graph=model.SerializeToString(deterministic=True),
        source=source,
        guessed=tuple(guessed),
        changed=tuple(changed),
    )


def _settle(
    model: ModelProto, found: Sequence[Tensor], inputs: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor], list[str]]:
    """Give the network these sizes and plain names; its inputs, outputs, and sentences on what changed."""
    outputs = graph.fix(model, inputs)
    if not all(tensor.complete for tensor in outputs):
        outputs = _measured(model, inputs, outputs)
    graph.write_outputs(model, outputs)
    names = graph.rename(model, inputs, outputs)
    changed = [
        f"the input {old.shown} is {new.shown}"
        for old, new in zip(found, inputs, strict=True)
        if old.sizes != new.sizes
    ]
    changed += [f"the tensor {old!r} is called {new!r}, a plain word" for old, new in names.items()]
    settled, answers = (
        [replace(each, name=names.get(each.name, each.name)) for each in side] for side in (inputs, outputs)
    )
    return settled, answers, changed


def _kind(inputs: Sequence[Tensor], asked: Kind | None, guessed: list[Guess]) -> Kind:
    """What the input is, by its shape where nobody says."""
    reasons = {"image": _no_image(inputs), "audio": _no_audio(inputs), "tensor": ""}
    if asked:
        if reasons[asked]:
            raise UsageError(f"--{asked}: {reasons[asked]}", hint="--tensor takes any network")
        return asked
    # A length that is not known is no sign of a recording.
    kinds: tuple[Kind, ...] = ("image", "audio") if inputs[0].sizes[-1:] != (None,) else ("image",)
    found: Kind = next((kind for kind in kinds if not reasons[kind]), "tensor")
    if not (reasons["image"] and reasons["audio"]):  # else it can be nothing but a tensor
        _guess(
            guessed,
            "kind of input",
            found,
            f"the input is {inputs[0].shown}",
            "edgedla new model --audio, --image or --tensor",
        )
    return found


def _no_image(inputs: Sequence[Tensor]) -> str:
    """Why the input cannot be an image; empty where it can."""
    first = inputs[0]
    if reason := _no_single(inputs):
        return reason
    batch, channels, *sides = (*first.sizes, *(0,) * IMAGE_AXES)[:IMAGE_AXES]
    fits = batch in (None, 1) and channels in CHANNELS and all(s is None or s >= SMALLEST_SIDE for s in sides)
    if len(first.sizes) == IMAGE_AXES and fits:
        return ""
    return f"the input {first.shown} is no image of shape (1, 1 or 3 channels, height, width)"


def _no_audio(inputs: Sequence[Tensor]) -> str:
    """Why the input cannot be a recording; empty where it can."""
    first = inputs[0]
    if reason := _no_single(inputs):
        return reason
    *others, length = first.sizes or (0,)
    if all(size in (None, 1) for size in others) and (length is None or length >= SHORTEST):
        return ""
    return f"the input {first.shown} is no recording of shape (1, …, {SHORTEST} samples or more)"


def _no_single(inputs: Sequence[Tensor]) -> str:
    if len(inputs) > 1:
        return f"the network has {len(inputs)} inputs, and a file of that kind can fill only one"
    return "" if inputs[0].dtype == "float32" else f"the input is of type {inputs[0].dtype}, not float32"


def _complete(tensor: Tensor, kind: Kind, guessed: list[Guess]) -> Tensor:
    """The input with a size for every axis."""
    sizes = list(tensor.sizes)
    for axis, size in enumerate(sizes):
        if size is not None:
            continue
        last = axis == len(sizes) - 1
        if axis == 0 and len(sizes) > 1:
            sizes[axis], what = 1, "batch"
        elif kind == "image":
            sizes[axis], what = SIDE, "width" if last else "height"
        elif kind == "audio":
            sizes[axis], what = (RATE, "length") if last else (1, "channels")
        else:
            break
        _guess(
            guessed,
            f"{what} of {tensor.name!r}",
            str(sizes[axis]),
            "the file leaves it open",
            f"edgedla new model --shape '{tensor.name}=…'",
        )
    if None in sizes:
        example = ",".join(str(size or 16) for size in sizes)
        raise UsageError(
            f"the file leaves sizes of the input {tensor.shown} open",
            hint=f"say them, for example --shape '{tensor.name}={example}'",
        )
    return replace(tensor, sizes=tuple(sizes))


def _measured(model: ModelProto, inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Tensor]:
    """The outputs with the sizes they have for inputs of zeros, where inference has lost sight of them."""
    import numpy as np
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [tensor.name for tensor in outputs]
        feed = {
            tensor.name: np.zeros([size or 1 for size in tensor.sizes], tensor.dtype) for tensor in inputs
        }
        found = session.run(names, feed)
    except Exception as error:  # noqa: BLE001 - onnxruntime's own have no common base
        reason = " ".join(str(error).split())[:300]
        raise UsageError(
            f"the network cannot be run with these sizes: {reason}", hint="--shape gives other ones"
        ) from None
    return [
        replace(tensor, sizes=array.shape, ranked=True) for tensor, array in zip(outputs, found, strict=True)
    ]


def _meaning(
    model: ModelProto, outputs: Sequence[Tensor], guessed: list[Guess]
) -> tuple[tuple[str, ...], Scores]:
    """Names of the classes, and what makes scores of the first output; no names where it has no classes."""
    first, where = outputs[0], "postprocess() and spec()"
    *others, count = first.sizes or (0,)
    classes = set(others) <= {1} and 2 <= (count or 0) <= MOST_CLASSES and first.dtype == "float32"  # noqa: PLR2004 - one is no choice
    if len(outputs) > 1 or not classes or count is None:
        shown = ", ".join(tensor.shown for tensor in outputs)
        _guess(
            guessed,
            "meaning of the outputs",
            "unknown",
            f"{shown} is no row of classes" if len(outputs) == 1 else f"there are several: {shown}",
            "postprocess(), which is yours to write",
        )
        return (), "none"
    named = metadata.labels(model, count)
    if not named:
        _guess(
            guessed,
            "names of the classes",
            f"class_0 to class_{count - 1}",
            "the file holds none",
            "labels.txt",
        )
    last = _last(model)
    done = last in ("Softmax", "Sigmoid")
    _guess(
        guessed,
        "scores",
        "the first output as it is" if done else "softmax of the first output",
        f"the network ends with {last}",
        where,
    )
    return named or tuple(f"class_{number}" for number in range(count)), "none" if done else "softmax"


def _last(model: ModelProto) -> str:
    """The operator that makes the first output; one that hands on what another made does not count."""
    makers = {name: node for node in model.graph.node for name in node.output}
    name = model.graph.output[0].name
    for _ in makers:
        node = makers.get(name)
        if node is None or node.op_type != "Identity":
            return node.op_type if node else ""
        name = node.input[0]
    return ""


def _guess_rest(kind: Kind, model: ModelProto, guessed: list[Guess]) -> None:
    if kind == "audio":
        _guess(guessed, "sampling rate", f"{RATE} Hz", "the file does not say it", "RATE")
        _guess(guessed, "level", "peak at full scale", "the file does not say it", "PEAK")
    if kind == "image":
        _guess(guessed, "levels", "0 to 1", "the file does not say it", "MEAN and STD")
        _guess(
            guessed, "order of channels", "RGB where there are three", "the file does not say it", "FORMAT"
        )
    made = {"audio": "tones", "image": "shades of three colours", "tensor": "random numbers"}[kind]
    _guess(guessed, "samples", made, "the file holds none", "samples/")
    if not metadata.licence(model):
        _guess(guessed, "licence of the weights", "unknown", "the file names none", "licence in spec()")


def _guess(guessed: list[Guess], what: str, value: str, why: str, where: str) -> None:
    guessed.append(Guess(what=what, value=value, why=why, where=where))

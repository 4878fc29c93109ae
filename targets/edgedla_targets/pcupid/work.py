"""One build's conversion: rendered files, calibration samples and route, put together as a job."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from edgedla.artifacts import WORK, digest, sha256
from edgedla.context import FOLDERS
from edgedla_targets.pcupid import configs
from edgedla_targets.pcupid.samples import sample_paths, write_samples
from edgedla_targets.pcupid.vendor.find import find_route
from edgedla_targets.pcupid.vendor.job import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgedla.context import Context
    from edgedla.spec import ModelSpec
    from edgedla_targets.pcupid.options import PcupidOptions
    from edgedla_targets.pcupid.vendor.job import Route


@dataclass(frozen=True)
class Work:
    """A job for the vendor's tools, and the way through them."""

    job: Job
    route: Route
    files: tuple[Path, ...]  # rendered files and samples, to be kept beside the results


def prepare(context: Context) -> Work:
    """Render the files, write the samples, and settle the job's folder.

    The folder is named after everything that goes in, and outlives an interrupted build: what the tools had
    finished there is not done again, and what other inputs had made is not mistaken for it.

    Raises:
        UsageError: Options, templates or samples break a rule of the tools.
    """
    options: PcupidOptions = context.target.options
    scratch, limit = context.dir("convert"), options.calibration_samples
    rendered = _render(context, scratch)
    config = configs.input_config(context.spec, options)
    folder = scratch / configs.QUANT_DATA
    samples = write_samples(context.calibration(limit), context.spec, config, folder, limit)
    route = find_route(options, context.tools)
    onnx = scratch / onnx_name(context.spec, options)
    inputs = [onnx, *rendered.values(), *samples]
    key = digest(route.identity(), options.quant_level, options.chip, *(sha256(path) for path in inputs))
    job = _job(context, f"job-{key[:16]}", scratch, samples)
    job.folder.mkdir(parents=True, exist_ok=True)
    return Work(job, route, (*rendered.values(), *samples))


def check(context: Context) -> None:
    """Refuse options, templates and tools that do not fit, before the network is exported.

    Raises:
        UsageError: One of them does not.
    """
    with TemporaryDirectory(prefix="edgedla-check-") as folder:
        _render(context, Path(folder))
    _plan(context, 1)  # looks into the user's folders


def plan(context: Context) -> list[str]:
    """The vendor's command lines over the files that a build leaves in the bundle."""
    limit = context.target.options.calibration_samples
    given = len(context.calibration_files[:limit])
    return _plan(context, given or sum(1 for _ in context.calibration(limit)))


def onnx_name(spec: ModelSpec, options: PcupidOptions) -> str:
    """The safe graph's place among a build's converted files, as in the model zoo's folders."""
    return f"onnx/{configs.model_config(spec, options).model}.onnx"


def make_job(  # noqa: PLR0913 - all that a job is made of
    spec: ModelSpec,
    options: PcupidOptions,
    model: str,
    *,
    folder: Path,
    place: Path,
    samples: Sequence[Path],
) -> Job:
    """The job of `folder` over the files that a build has put in `place`."""
    return Job(
        folder=folder,
        stem=spec.stem,
        onnx=place / onnx_name(spec, options),
        input_config=place / configs.INPUT_CONFIG,
        model_config=place / configs.config_name(spec, options, model),
        algorithm=configs.algorithm(spec, options, model),
        preprocess=tuple(place / name for name in configs.preprocess_names(spec)),
        samples=tuple(samples),
        input_shapes=tuple(tensor.shape for tensor in spec.inputs),
        chip=options.chip,
        image_name=f"{configs.model_config(spec, options).save_name.removesuffix('.img')}.img",
        quant_level=options.quant_level,
    )


def _plan(context: Context, count: int) -> list[str]:
    bundled = context.store.root / FOLDERS["convert"]
    samples = sample_paths(context.spec, bundled / configs.QUANT_DATA, count)
    job = _job(context, "job", bundled, samples)
    return find_route(context.target.options, context.tools).plan(job)


def _job(context: Context, name: str, place: Path, samples: Sequence[Path]) -> Job:
    options: PcupidOptions = context.target.options
    folder = context.store.root / WORK / name
    return make_job(context.spec, options, context.model.name, folder=folder, place=place, samples=samples)


def _render(context: Context, folder: Path) -> dict[str, Path]:
    return configs.render_files(
        context.spec,
        context.target.options,
        folder,
        model=context.model.name,
        override=context.template_folder,
        configure=context.hooks.configure_jinja,
    )

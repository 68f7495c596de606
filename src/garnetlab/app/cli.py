"""The command line: it parses arguments, makes one library call per verb, and shows what comes back.

Standard output carries results only (JSON only with ``--json``); words for people go to standard error. Exit status: 0
done; 1 the work failed or was refused, or some of several files were bad; 2 wrong usage or nothing readable.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from garnetlab.app import _options as opt

if TYPE_CHECKING:
    from garnetlab.readers import ReadOptions
    from garnetlab.study import SampleOptions

app = typer.Typer(
    name="garnetlab",
    help="The laboratory for lithium anodes on garnet electrolytes: instrument files in, trustworthy numbers out.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    no_args_is_help=True,
)

Files = Annotated[list[Path], typer.Argument(help="Instrument files.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output and nothing else.")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder to write into.", show_default=False)]
Progress = Callable[[int, int], None]


def main() -> None:
    """Run the command line."""
    app()


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(f"garnetlab: {message}", err=True)
    raise typer.Exit(status)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn the package's own errors into one line on standard error and an exit status."""
    from garnetlab.core import GarnetlabError, SolveFailed
    from garnetlab.units import UnitError

    try:
        yield
    except SolveFailed as error:
        _fail(str(error), 1)
    except (GarnetlabError, UnitError) as error:
        _fail(str(error), 2)
    except KeyboardInterrupt:
        _fail("interrupted. Nothing half-written was left; run the same command again.", 1)


@contextmanager
def _progress(what: str) -> Iterator[Progress | None]:
    """Give a progress callback that draws a bar on a terminal, or None elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show_json(payload: object) -> None:
    typer.echo(json.dumps(payload, allow_nan=False, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> object:
    item = getattr(value, "item", None)
    if item is None:
        message = f"{type(value).__name__} is not JSON"
        raise TypeError(message)
    return item()


def _show_errors(errors: tuple[tuple[str, str], ...] | list[tuple[str, str]]) -> None:
    for file, message in errors:
        typer.echo(f"garnetlab: {message if file in message else f'{file}: {message}'}", err=True)


def _status(good: int, bad: int) -> int:
    return 0 if not bad else (1 if good else 2)


def _table(title: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title) if title else None, show_edge=False, title_justify="left")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else 140
    Console(width=width, highlight=False).print(table)


@app.command()
def read(
    files: Files,
    as_json: Json = False,
    data: Annotated[bool, typer.Option("--data", help="With --json: print the numbers too.")] = False,
    current_unit: opt.CurrentUnit = None,
    cex_range: opt.CexRange = None,
) -> None:
    """Read instrument files and say what is in them."""
    from garnetlab.study import read_files, read_options

    with _refusals():
        reading = read_options(current_unit=current_unit, cex_range=cex_range)
        measurements, errors = read_files(files, options=reading)
        if as_json:
            _show_json({
                "schema": "garnetlab/1",
                "measurements": [m.to_dict(data=data) for m in measurements],
                "errors": [{"file": f, "message": m} for f, m in errors],
            })  # fmt: skip
        else:
            rows = [
                (Path(str(m.source.to_dict().get("path"))).name, str(m.source.to_dict().get("part", "")), m.kind.value,
                 str(len(m)), ", ".join(c.label for c in m.channels), "; ".join(m.warnings))
                for m in measurements
            ]  # fmt: skip
            _table("", ("file", "part", "kind", "points", "channels", "notes"), rows)
        _show_errors(errors)
        raise typer.Exit(_status(len(measurements), len(errors)))


@app.command()
def analyse(
    files: Files,
    analysis: Annotated[
        str | None,
        typer.Option(
            "--as",
            help="eis, arrhenius, drt, cycling, events, ccd, full-cell, stripping, tafel, linear-polarisation or dc;"
            " by default what the file holds decides.",
        ),
    ] = None,
    area: opt.Area = None,
    diameter: opt.Diameter = None,
    thickness: opt.Thickness = None,
    temperature: opt.Temperature = None,
    electrodes: opt.Electrodes = None,
    interfaces: opt.Interfaces = None,
    circuit: opt.Circuit = None,
    active_mass: opt.ActiveMass = None,
    electrolyte_resistance: opt.ElectrolyteResistance = None,
    current_density: opt.CurrentDensity = None,
    current_unit: opt.CurrentUnit = None,
    cex_range: opt.CexRange = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow the running cells of a folder; tell new events.")
    ] = False,
    every: Annotated[str | None, typer.Option(help="With --watch: time between two looks; 60 s if not given.")] = None,
    looks: Annotated[
        int | None, typer.Option(min=1, help="With --watch: how many looks; without end if not given.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write figures and tables into this folder too.")] = None,
    as_json: Json = False,
) -> None:
    """Analyse instrument files: values with uncertainty."""
    from garnetlab.report import write_analysis
    from garnetlab.study import analyse_files, read_options, sample_options

    with _refusals(), _progress("analyse") as progress:
        options = sample_options(
            area=area, diameter=diameter, thickness=thickness, temperature=temperature,
            electrodes=electrodes, interfaces=interfaces, circuit=circuit, active_mass=active_mass,
            electrolyte_resistance=electrolyte_resistance, current_density=current_density,
        )  # fmt: skip
        reading = read_options(current_unit=current_unit, cex_range=cex_range)
        for name, value in {"every": every, "looks": looks}.items():
            if value is not None and not watch:
                _fail(f"{name} = {value!r}: expected only with --watch. Add --watch, or drop --{name}.", 2)
        if watch:
            raise typer.Exit(
                _watch(files, options, reading, every=every or "60 s", looks=looks, state=out, as_json=as_json)
            )
        found = analyse_files(files, analysis=analysis, options=options, reading=reading, progress=progress)
        if out is not None and found.results:
            write_analysis(found, out)
        if as_json:
            _show_json(found.to_dict())
        else:
            for result in found.results:
                _show_result(result.to_dict())
        _show_errors(found.errors)
        bad = len(found.errors) + sum(not r.outcome.good for r in found.results)
        raise typer.Exit(_status(len(found.results), bad))


def _watch(
    files: Sequence[Path],
    options: SampleOptions,
    reading: ReadOptions,
    *,
    every: str,
    looks: int | None,
    state: Path | None,
    as_json: bool,
) -> int:
    """Follow one folder, print each new event as a line, and return the exit status that the last look leaves."""
    from garnetlab.core import InvalidInput, parse_quantity
    from garnetlab.study import watch_folder

    if len(files) != 1:
        message = f"files = {len(files)}: expected one folder with --watch."
        raise InvalidInput(message)
    seconds = parse_quantity("every", every, "s")
    analysed: set[str] = set()
    failing: list[str] = []
    for look in watch_folder(files[0], options=options, reading=reading, every=seconds, looks=looks, state=state):
        for new in look.events:
            if as_json:
                typer.echo(json.dumps(new.to_dict(), allow_nan=False, ensure_ascii=False, default=_plain))
            else:
                typer.echo(new.sentence())
        _show_errors(look.errors)
        analysed.update(look.analysed)
        failing = look.failing
    return _status(len(analysed), len(failing))


def _show_result(result: dict[str, object]) -> None:
    sources = result["source"]
    names = [Path(str(s.get("path", "simulation"))).name for s in sources] if isinstance(sources, list) else []
    title = f"{result['analysis']}: {', '.join(names[:3])}{' …' if len(names) > 3 else ''} [{result['outcome']}]"
    _table(title, ("quantity", "value ± std", "unit", "95 % interval"), _quantity_rows(result["quantities"]))
    _show_notes(result["warnings"])


_NEGLIGIBLE = 1e-6  # a smaller relative uncertainty is not shown in a table


def _quantity_rows(quantities: object, *, digits: int = 4) -> list[tuple[str, str, str, str]]:
    from garnetlab.units import format_pair, pretty_unit

    rows = []
    for name, q in quantities.items() if isinstance(quantities, dict) else ():
        interval = q.get("interval")
        shown = "" if interval is None else f"{interval[0]:.{digits}g} … {interval[1]:.{digits}g}"
        small = q["std"] is not None and q["std"] < _NEGLIGIBLE * abs(q["value"])
        number = format_pair(q["value"], None if small else q["std"]).replace("+-", "±")
        rows.append((name, number, pretty_unit(q["unit"]) if q["unit"] != "1" else "", shown))
    return rows


def _show_notes(warnings: object) -> None:
    for text in warnings if isinstance(warnings, list) else ():
        typer.echo(f"  note: {text}")


_SIMULATED = "interface, or a test of a cell: ccd, cycling, plating, abuse, tafel, dc, eis, steps."


@app.command()
def simulate(
    kind: Annotated[str, typer.Argument(help=_SIMULATED, show_default=False)],
    file: Annotated[Path, typer.Argument(help="A study document (.toml or .json).", show_default=False)],
    name: Annotated[list[str] | None, typer.Option("--name", help="Only this entry; may be given again.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder; default reports/NAME OF FILE.")] = None,
    as_json: Json = False,
) -> None:
    """Simulate what a document describes: patchy contacts under [interfaces.NAME], cell tests under [experiments.NAME]."""
    from garnetlab.report import write_simulation
    from garnetlab.study import simulate_document

    with _refusals(), _progress("simulate") as progress:
        found = simulate_document(file, kind, names=name or (), progress=progress)
        written = write_simulation(found, out or Path("reports") / file.stem) if found.items else None
        if as_json:
            _show_json(found.to_dict() if written is None else written.to_dict())
        else:
            for item in found.interfaces:
                _show_simulated(item.name, item.result.to_dict())
            for test in found.tests:
                for result in test.results:
                    _show_test(test.title, result.to_dict())
            if written is not None:
                typer.echo(f"report: {written.page}")
        _show_errors([*found.errors, *found.advice])
        raise typer.Exit(_status(len(found.items), found.bad))


def _show_simulated(name: str, result: dict[str, object]) -> None:
    details = result["details"]
    rows = _quantity_rows(result["quantities"], digits=6)
    if isinstance(details, dict):
        rows.append(("iterations", str(details["iterations"]), "", ""))
    _table(f"interface {name} [{result['outcome']}]", ("quantity", "value ± std", "unit", "certified bounds"), rows)
    _show_notes(result["warnings"])


def _show_test(title: str, result: dict[str, object]) -> None:
    name = "" if result["analysis"] == "cell-test" else f", {result['analysis']}"
    rows = _quantity_rows(result["quantities"])
    _table(f"{title}{name} [{result['outcome']}]", ("quantity", "value ± std", "unit", "95 % interval"), rows)
    _show_notes(result["warnings"])


@app.command()
def fit(
    file: Annotated[
        Path | None, typer.Argument(help="A document (.toml) with [[observations]]; else the paper's.")
    ] = None,
    observations: Annotated[
        list[str] | None, typer.Option("--observations", help="Calibrate on this one; may be given again.")
    ] = None,
    model: Annotated[str, typer.Option("--model", help="Variant of the interface.")] = "both-sourced",
    seed: Annotated[int, typer.Option(help="Seed of starts and chain.")] = 20250414,
    steps: Annotated[int, typer.Option(help="Steps of the chain of 64 walkers.")] = 800,
    out: Annotated[Path | None, typer.Option("--out", help="Folder; default reports/fit.")] = None,
    as_json: Json = False,
) -> None:
    """Calibrate contact loss and plating damage on critical currents and lives, and predict those held out."""
    from garnetlab.report import write_fit
    from garnetlab.study import fit_interface

    with _refusals(), _progress("fit") as progress:
        found = fit_interface(
            file, observations=observations or (), model=model, seed=seed, steps=steps, progress=progress
        )
        written = write_fit(found, out or Path("reports/fit"))
        if as_json:
            _show_json(written.to_dict())
        else:
            _show_fit(found.to_dict())
            typer.echo(f"report: {written.page}")


def _show_fit(fit: dict[str, object]) -> None:
    names = ("parameter", "unit", "median", "low", "high", "verdict")
    _table(f"{fit['model']}: {fit['title']}", names, _texts(fit["parameters"], names))
    columns = ("id", "role", "event_above", "event_up_to", "low", "median", "high", "unit", "score", "inside_90")
    _table("predictions, 5 to 95 %", columns, _texts(fit["predictions"], columns))
    if fit["score"] is not None:
        typer.echo(f"sum of the log scores of what was held out: {fit['score']:.2f}")


def _texts(rows: object, names: Sequence[str]) -> list[tuple[str, ...]]:
    def text(value: object) -> str:
        return f"{value:.4g}" if isinstance(value, float) else ("" if value is None else str(value))

    return [tuple(text(row[name]) for name in names) for row in rows] if isinstance(rows, list) else []


@app.command()
def report(
    path: Annotated[Path, typer.Argument(help="A study document (.toml) or a folder of files.", show_default=False)],
    area: opt.Area = None,
    diameter: opt.Diameter = None,
    thickness: opt.Thickness = None,
    temperature: opt.Temperature = None,
    electrodes: opt.Electrodes = None,
    interfaces: opt.Interfaces = None,
    circuit: opt.Circuit = None,
    active_mass: opt.ActiveMass = None,
    electrolyte_resistance: opt.ElectrolyteResistance = None,
    current_density: opt.CurrentDensity = None,
    current_unit: opt.CurrentUnit = None,
    cex_range: opt.CexRange = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Analyse a study and write report.html, results.json, tables (CSV) and figures (SVG, PNG)."""
    from garnetlab.report import write_report
    from garnetlab.study import read_options, sample_options

    with _refusals(), _progress("report") as progress:
        options = sample_options(
            area=area, diameter=diameter, thickness=thickness, temperature=temperature,
            electrodes=electrodes, interfaces=interfaces, circuit=circuit, active_mass=active_mass,
            electrolyte_resistance=electrolyte_resistance, current_density=current_density,
        )  # fmt: skip
        reading = read_options(current_unit=current_unit, cex_range=cex_range)
        written = write_report(path, out, options=options, reading=reading, progress=progress)
        if as_json:
            _show_json(written.to_dict())
        else:
            for line in written.lines:
                typer.echo(line)
            typer.echo(f"report: {written.page}")
        _show_errors(written.analysis.errors)
        bad = len(written.analysis.errors) + sum(not r.outcome.good for r in written.analysis.results)
        raise typer.Exit(_status(len(written.analysis.results), bad))


@app.command()
def reproduce(out: Out = None, as_json: Json = False) -> None:
    """Compare what the program computes with the 115 facts of the paper, and audit the paper."""
    from garnetlab.report import write_ledger

    with _refusals(), _progress("reproduce") as progress:
        ledger, page = write_ledger(out or Path("reports/paper"), progress=progress)
        if as_json:
            _show_json(ledger.to_dict())
        else:
            _show_ledger(ledger.to_dict())
        typer.echo(f"report: {page}", err=as_json)


def _show_ledger(ledger: dict[str, object]) -> None:
    rows = []
    observations, audit = ledger["observations"], ledger["audit"]
    for row in observations if isinstance(observations, list) else ():
        reported = row["text"] if row["reported"] is None else f"{row['reported']:.4g}"
        computed = "" if row["computed"] is None else f"{row['computed']:.4g}"
        std = "" if row["std"] is None else f"{row['std']:.2g}"
        deviation = "" if row["deviation"] is None else f"{row['deviation']:+.1f}"
        rows.append((row["id"], str(reported or ""), computed, std, row["unit"] or "", row["status"], deviation))
    _table("", ("id", "reported", "computed", "std", "unit", "status", "deviation"), rows)
    checks = [(c["id"], c["verdict"], c["calculation"]) for c in audit] if isinstance(audit, list) else []
    _table("audit", ("id", "verdict", "calculation"), checks)


@app.command()
def audit(as_json: Json = False) -> None:
    """Check the paper's numbers against each other, each with its one-line calculation."""
    from garnetlab.study import audit as run

    with _refusals():
        checks = [c.to_dict() for c in run()]
        if as_json:
            _show_json({"schema": "garnetlab/1", "audit": checks})
        else:
            rows = [(str(c["id"]), str(c["verdict"]), str(c["calculation"])) for c in checks]
            _table("", ("id", "verdict", "calculation"), rows)


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Folder to make.", show_default=False)],
    seed: Annotated[int, typer.Option(help="Seed of the simulated noise.")] = 0,
    as_json: Json = False,
) -> None:
    """Write a folder of simulated raw files with a study.toml, to have something to analyse."""
    from garnetlab.study import write_example

    with _refusals():
        files = [str(p) for p in write_example(folder, seed=seed)]
        if as_json:
            _show_json({"schema": "garnetlab/1", "files": files})
        else:
            typer.echo(f"wrote {len(files)} files. Next:  garnetlab report {folder / 'study.toml'}")


@app.command()
def cite(
    keys: Annotated[list[str] | None, typer.Argument(help="Citation keys, or a results.json of a report.")] = None,
    as_json: Json = False,
) -> None:
    """Print BibTeX of the sources behind a report, or of everything."""
    from garnetlab.study import bibliography

    with _refusals():
        text = bibliography(keys or [])
        if as_json:
            _show_json({"schema": "garnetlab/1", "bibtex": text})
        else:
            typer.echo(text)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is installed, what is missing, and which command repairs it."""
    from garnetlab.study import examine

    with _refusals():
        checks = examine()
        if as_json:
            _show_json({"schema": "garnetlab/1", "checks": [c._asdict() for c in checks]})
        else:
            _table("", ("part", "state", "advice"), [(c.part, c.state, c.advice) for c in checks])
        raise typer.Exit(0 if all(c.good for c in checks) else 1)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        from garnetlab import __version__

        typer.echo(__version__)
        raise typer.Exit(0)

"""`cx workshop`: company, build, check, score. Parses, calls one function, prints its lines."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from cxlib.errors import CxError

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None,
    help="Teach CX measurement on a company whose truth is known.",
    epilog="Example: cx workshop build --people 20 --lang both",
)  # fmt: skip

Lang = Literal["en", "zh-Hant-HK", "both"]
Difficulty = Literal["easy", "usual", "hard"]
LanguageOption = Annotated[Lang, typer.Option(help="Language of prose, hints and pages.")]
DifficultyOption = Annotated[Difficulty, typer.Option(help="How well hidden the truth is.")]


def _languages(lang: Lang) -> tuple[str, ...]:
    return ("en", "zh-Hant-HK") if lang == "both" else (lang,)


def _numbers(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise CxError(f"--modules must be numbers such as 1,2,4, got {text!r}")
    return tuple(int(part) for part in parts)


@app.command(epilog="Example: cx workshop build --lang both --people 20 --minutes 210")
def build(
    lang: LanguageOption = "both",
    minutes: Annotated[int, typer.Option(help="Minutes of a half-day.")] = 210,
    half_days: Annotated[
        int, typer.Option(help="Half-days there are; 0: one day, or as many as are needed.")
    ] = 0,
    modules: Annotated[str, typer.Option(help="Only these, such as 1,2,4.")] = "",
    people: Annotated[int, typer.Option(help="Archives to make, one a person or group.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the first company; the others count on.")] = 2026,
    difficulty: DifficultyOption = "usual",
    out: Annotated[Path, typer.Option(help="Folder of the archives.")] = Path("workshop"),
    wheels: Annotated[
        bool, typer.Option("--wheels", help="Add an archive of all packages, for no network.")
    ] = False,
) -> None:
    """Make one archive a person, and the trainer's with solutions and truths."""
    from cxlib.run.progress import progress_for
    from cxlib.workshop.build import Options
    from cxlib.workshop.build import build as make

    options = Options(
        languages=_languages(lang), minutes=minutes, half_days=half_days,
        modules=_numbers(modules), people=people, seed=seed, difficulty=difficulty, wheels=wheels,
    )  # fmt: skip
    progress = progress_for(quiet=False, terminal=sys.stdout.isatty())
    try:
        archives = make(out, options, progress=progress)
        progress.say(
            f"done  {len(archives)} archives in {out}\nnext: give each person one person_*.zip and "
            f"have them open start.html; keep {out / 'trainer.zip'} to yourself"
        )
    finally:
        progress.close()


@app.command(epilog="Example: cx workshop check --lang en")
def check(
    lang: LanguageOption = "both",
    modules: Annotated[str, typer.Option(help="Only these, such as 1,2,4.")] = "",
    seed: Annotated[int, typer.Option(help="Of the company they run on.")] = 2026,
    difficulty: DifficultyOption = "usual",
) -> None:
    """Run both editions: solutions right for the trainer, every exercise waiting for a learner."""
    import tempfile

    from cxlib.run.kernels import Kernels
    from cxlib.workshop.company import make_company
    from cxlib.workshop.modules import read_modules
    from cxlib.workshop.proof import prove

    chosen = read_modules(numbers=_numbers(modules))
    failed = 0
    with tempfile.TemporaryDirectory() as folder, Kernels() as kernels:
        company = Path(folder) / "company"
        make_company(company, seed=seed, difficulty=difficulty)
        proofs = prove(chosen, languages=_languages(lang), company=company, kernels=kernels)
        for proof in proofs:
            print(str(proof))
            failed += bool(proof.problems)
    if failed:
        print(f"{failed} of them fail; mend notebooks/workshop, then: cx workshop check")
        raise typer.Exit(1)
    print("all well; next: cx workshop build")


@app.command(epilog="Example: cx workshop company --seed 11 --groups 4 --out companies")
def company(
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")],
    difficulty: DifficultyOption = "usual",
    groups: Annotated[int, typer.Option(help="One company a group, seeds counting on.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for learners, new or empty.")] = Path("company"),
    truth: Annotated[
        Path | None, typer.Option(help="File for the trainer; default: beside the folder.")
    ] = None,
) -> None:
    """Make a fresh company with a hidden truth, one for each group."""
    from cxlib.workshop.company import make_groups

    file = truth or out.parent / f"{out.name}_truth.json"
    made = make_groups(out, seed=seed, groups=groups, difficulty=difficulty, truth=file)
    for name in made:
        print(f"made {out / name}")
    forms = out / (next(iter(made)) if len(made) == 1 else "group_*") / "form.csv"
    print(
        f"truth in {file}: keep it to yourself\nnext: give each group its folder; when the forms "
        f"are filled in: cx workshop score {forms} --truth {file}"
    )


@app.command(
    epilog="Example: cx workshop score companies/group_*/form.csv --truth companies_truth.json"
)
def score(
    forms: Annotated[list[Path], typer.Argument(help="The filled forms.")],
    truth: Annotated[Path, typer.Option(help="The trainer's truth file.")],
    lang: LanguageOption = "both",
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("scores.html"),
) -> None:
    """Score filled forms: bias, honest intervals, money of the decision; shows the truth."""
    from cxlib.workshop.score import score_forms

    page = score_forms(forms, truth, out, languages=_languages(lang), say=print)
    print(f"wrote {page}\nnext: open it before the whole room")

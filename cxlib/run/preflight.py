"""Everything that can be checked before a kernel starts, all problems in one go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cxlib.data.open import ContractError, Data
from cxlib.decisions.goal_rules import present_goal_rules
from cxlib.engagement import Engagement
from cxlib.engagement.ledger import MAKERS, Ledger
from cxlib.engagement.load import words_of
from cxlib.engagement.yaml_text import dotted, parse
from cxlib.errors import ConfigError, CxError, Problem
from cxlib.run.notebooks import Notebook
from cxlib.run.workbook import open_tables


@dataclass(frozen=True, slots=True)
class Checked:
    """An engagement that can run.

    Attributes:
        data: The tables the chosen notebooks read, checked.
        skipped: Notebooks with nothing to run on, and why.
    """

    data: Data
    notebooks: tuple[Notebook, ...]
    skipped: tuple[str, ...]


def check_engagement(
    engagement: Engagement,
    notebooks: Sequence[Notebook],
    *,
    languages: Sequence[str],
    named: bool,
    keep_in: Path | None = None,
) -> Checked:
    """Check ledger, brand, fonts and data for the chosen notebooks.

    Args:
        engagement: The checked engagement file.
        notebooks: In workbook order.
        languages: Report languages to make.
        named: Whether the user named the notebooks; an unnamed one without its part of the
            engagement file is left out with a word, a named one is a problem.
        keep_in: Folder to make, in which checked tables are kept for the run's kernels.

    Raises:
        CxError: One message with every problem found.
    """
    skipped, chosen = [], []
    for notebook in notebooks:
        missing = [part for part in notebook.parts if not getattr(engagement, part)]
        if missing and not named:
            skipped.append(f"{notebook.name}: the engagement file has no {', '.join(missing)}")
        else:
            chosen.append((notebook, missing))
    tables = tuple(
        dict.fromkeys(
            table for notebook, _ in chosen for table in notebook.reads(engagement.tables)
        )
    )
    data: list[Data] = []
    checks: list[Callable[[], object]] = [
        lambda: _check_parts(engagement, chosen),
        lambda: _check_languages(engagement, languages),
        lambda: _check_ledger(engagement, [notebook for notebook, _ in chosen]),
        lambda: _check_brand(engagement.folder / engagement.brand),
        lambda: _check_glyphs(engagement, languages),
        lambda: _check_voice(engagement),
        lambda: data.append(open_tables(engagement, tables, keep_in=keep_in)),
        lambda: _check_stars(engagement, data),
        lambda: _check_enough(engagement, chosen, data),
    ]
    errors: list[CxError] = []
    for check in checks:
        try:
            check()
        except CxError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        in_data = next((error for error in errors if isinstance(error, ContractError)), None)
        raise ConfigError("\n".join(str(error) for error in errors)) from in_data
    return Checked(data[0], tuple(notebook for notebook, _ in chosen), tuple(skipped))


def _check_parts(engagement: Engagement, chosen: Sequence[tuple[Notebook, Sequence[str]]]) -> None:
    file = engagement.path.name
    problems = [
        Problem(file, part, "", f"{notebook.name} needs at least one entry", f"add {part}: […]")
        for notebook, missing in chosen
        for part in missing
    ]
    if problems:
        raise ConfigError(f"{file} names too little to run on", problems)


def _check_brand(path: Path) -> None:
    """Read the brand file; YAML that only explodes or crashes when read is refused first."""
    from cxlib.report.brand import read_brand

    if path.is_file():
        parse(path)
    try:
        read_brand(path)
    except ValueError as error:
        problem = Problem(path.name, "", "", str(error), "put each value in quotation marks")
        raise ConfigError(f"{path.name} cannot be read", [problem]) from None


def _check_glyphs(engagement: Engagement, languages: Sequence[str]) -> None:
    """Every word of the engagement file that a report prints needs a glyph in the report's font."""
    from cxlib.report.fonts import missing_characters, report_fonts

    fonts = report_fonts()
    problems = []
    for loc, words in words_of(engagement):
        text = "".join(words.get(language, "") for language in languages)
        if missing := missing_characters(text, fonts):
            shown = ", ".join(f"{character} (U+{ord(character):04X})" for character in missing)
            rule = f"each character needs a glyph in {fonts.family}"
            problems.append(
                Problem(engagement.path.name, dotted(loc), shown, rule, "take it out of the words")
            )
    if problems:
        raise ConfigError(f"{engagement.path.name} holds characters no report can print", problems)


def _check_enough(
    engagement: Engagement,
    chosen: Sequence[tuple[Notebook, Sequence[str]]],
    data: Sequence[Data],
) -> None:
    """Whether a diagnosis or a comparison can be made, once tables have passed their contracts."""
    from cxlib.run.enough import check_branches, check_enough

    names = {notebook.name for notebook, _ in chosen} if data else set()
    if "01_diagnosis" in names:
        check_enough(engagement, data[0])
    if "07_branch_comparison" in names:
        check_branches(engagement, data[0])


def _check_voice(engagement: Engagement) -> None:
    """The client's own themes, the names to hide, the quotations and codes, where there are any."""
    from cxlib.data.coding_sheet import read_codes
    from cxlib.measures.voice.study import check_quotes, engagement_taxonomy, read_names

    if engagement.voice.taxonomy or engagement.voice.names:
        engagement_taxonomy(engagement)
        read_names(engagement)
    check_quotes(engagement)
    read_codes(engagement.folder)


def _check_stars(engagement: Engagement, data: Sequence[Data]) -> None:
    """A mapping of stars must cover every source with stars, or no mean across them exists."""
    mapping = engagement.voice.star_mapping
    if not mapping or not data or "mentions" not in data[0]:
        return
    from cxlib.measures.voice.stars import stars_by_source

    window = engagement.baseline.window("posted_on") | {
        "end": engagement.review.window("posted_on")["end"]
    }
    stars = stars_by_source(data[0]["mentions"], window=window)
    if absent := [found.source for found in stars if found.source not in mapping]:
        names = ", ".join(absent)
        problem = Problem(
            engagement.path.name, "voice.star_mapping", f"nothing for {names}",
            "every source of mentions with stars must be there",
            f"add {absent[0]}: with five worths, or leave star_mapping out",
        )  # fmt: skip
        raise ConfigError("stars cannot be averaged across sources", [problem])


def _check_languages(engagement: Engagement, languages: Sequence[str]) -> None:
    if other := [language for language in languages if language not in engagement.languages]:
        raise ConfigError(
            f"language {', '.join(other)} is not among the engagement's: "
            f"{', '.join(engagement.languages)}; add it under languages in {engagement.path.name}"
        )


def _check_ledger(engagement: Engagement, notebooks: Sequence[Notebook]) -> None:
    if engagement.baseline_source == "manual":
        return
    ledger = Ledger(engagement.folder / "ledger.json")
    names = {notebook.name for notebook in notebooks}
    made = {entry for entry, maker in MAKERS.items() if maker in names}
    for notebook in notebooks:
        for entry in notebook.needs:
            if entry not in made:
                ledger.read(entry)
    if "goal_rules" not in made and any(notebook.keeps_goals for notebook in notebooks):
        present_goal_rules(engagement, ledger)

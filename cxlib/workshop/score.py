"""Score the filled forms of all groups against their truths, on one page.

score_forms([Path("group_1/form.csv"), Path("group_2/form.csv")], truth=Path("truth.json"),
out=Path("scores.html"), languages=("en", "zh-Hant-HK"))
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from cxlib.errors import InputError
from cxlib.report.catalogue import CODES, message
from cxlib.workshop.form import read_form
from cxlib.workshop.score_groups import Judged, judge_forms
from cxlib.workshop.score_page import score_page
from cxlib.workshop.truth import Truth, read_truth

MOST_FORMS: Final = 200


def score_forms(
    forms: Sequence[Path],
    truth: Path | Truth | Mapping[str, Truth],
    out: Path,
    *,
    languages: Sequence[str] = ("en", "zh-Hant-HK"),
    say: Callable[[str], None] = print,
) -> Path:
    """Score forms and write the page: one self-contained HTML file for all groups.

    Args:
        forms: Filled forms; one that cannot be read stands on the page with its hint.
        truth: The trainer's file, or what it holds.
        out: The page; its folder is made.
        languages: Of the page, in this order: "en", "zh-Hant-HK".
        say: Where the lines for the terminal go, in the first language.

    Returns:
        The page.

    Raises:
        InputError: No form, none of them a file, too many, or a language unknown.
        DataError: The truth file cannot be read.
    """
    if not 1 <= len(forms) <= MOST_FORMS:
        raise InputError(f"forms must be 1 to {MOST_FORMS} files, got {len(forms)}")
    if not languages or (set(languages) - set(CODES)):
        raise InputError(f"languages must be of {', '.join(CODES)}, got {tuple(languages)}")
    known = read_truth(truth) if isinstance(truth, Path) else truth
    if not any(path.is_file() for path in forms):
        raise InputError(
            f"no form was found at {', '.join(map(str, forms))}; name the filled form.csv files"
        )
    truths = {"": known} if isinstance(known, Truth) else dict(known)
    judged = judge_forms([read_form(path) for path in forms], truths)
    page = score_page(judged, languages=tuple(dict.fromkeys(languages)))
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(page.encode())
    for line in score_lines(judged, languages[0]):
        say(line)
    return out


def score_lines(judged: Sequence[Judged], language: str) -> list[str]:
    """One line a group for the terminal, then its hints."""
    lines = []
    for place, each in enumerate(judged, start=1):
        form = each.form
        if each.score is None:
            key = "company.score.line_unknown"
            lines.append(message(key, language).format(group=form.group, file=form.file))
        else:
            lines.append(
                message("company.score.line", language).format(
                    place=place, group=form.group, points=f"{each.score.points:.1f}",
                    most=f"{each.score.most:g}", regret=f"{each.score.regret_hkd:,.0f}",
                )
            )  # fmt: skip
        lines += [f"  {hint.text}" for hint in form.hints]
    return lines

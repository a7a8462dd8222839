"""Words of the engagement file: ids, names and sentences per language, and the strict record."""

from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints

Language = Literal["en", "zh-Hant-HK"]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
LONGEST_TEXT, LONGEST_NAME, LONGEST_LANE = 300, 60, 90


def _both_languages(value: Any) -> Any:  # noqa: ANN401 - a raw YAML value
    """Let a plain string stand for the same words in every language."""
    if not isinstance(value, str | dict) or value == {}:
        raise ValueError("must be text, or text per language as {en: …, zh-Hant-HK: …}")
    return dict.fromkeys(get_args(Language), value) if isinstance(value, str) else value


def _known_and_filled(value: dict[str, str]) -> dict[str, str]:
    if unknown := sorted(set(value) - set(get_args(Language))):
        raise ValueError(f"languages are en and zh-Hant-HK, not {', '.join(unknown)}")
    if blank := [language for language, words in value.items() if not words.strip()]:
        raise ValueError(f"words are empty in {', '.join(blank)}")
    if any(not character.isprintable() for words in value.values() for character in words):
        raise ValueError("words stand on one line, without control characters")
    if (longest := max(map(len, value.values()))) > LONGEST_TEXT:
        raise ValueError(f"words have {LONGEST_TEXT} characters or fewer, got {longest}")
    return value


def each_once(value: list[Language]) -> list[Language]:
    """Refuse a language that is named twice."""
    if len(set(value)) < len(value):
        raise ValueError("each language stands once")
    return value


Text = Annotated[
    dict[str, str], BeforeValidator(_both_languages), AfterValidator(_known_and_filled)
]
"""Words a client reads, per language; a plain string serves all languages (a proper name)."""


def _short(value: dict[str, str]) -> dict[str, str]:
    if (longest := max(map(len, value.values()))) > LONGEST_NAME:
        raise ValueError(f"a name has {LONGEST_NAME} characters or fewer, got {longest}")
    return value


Name = Annotated[Text, AfterValidator(_short)]
"""Words that label a chart or a table row."""


def _lane(value: dict[str, str]) -> dict[str, str]:
    if (longest := max(map(len, value.values()))) > LONGEST_LANE:
        raise ValueError(
            f"a cell of the journey map has {LONGEST_LANE} characters or fewer, got {longest}"
        )
    return value


Lane = Annotated[Text, AfterValidator(_lane)]
"""What stands in one cell of the journey map."""


class Strict(BaseModel):
    """A part of the engagement file: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False
    )

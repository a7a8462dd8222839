"""The list of themes a comment can be about: read from YAML, checked, laid over the base list."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from cxlib.engagement.yaml_text import Location, parse, place
from cxlib.errors import ConfigError, Problem
from cxlib.measures.voice.normalise import fold

BASE: Final = Path(__file__).with_name("taxonomies") / "retail.yml"
LANGUAGES: Final = ("en", "zh-Hant-HK")
MOST_THEMES: Final = 60
WIDEST: Final = 40
LONGEST_LABEL: Final = 60
LONGEST_DEFINITION: Final = 300
_KEYS: Final = (
    "label", "definition", "touchpoints", "any", "not", "near", "negative_cues",
    "examples", "counter_examples",
)  # fmt: skip
_LISTS: Final = tuple(key for key in _KEYS if key not in {"label", "definition", "near"})
_TERMS: Final = ("any", "not", "negative_cues")
_STEM: Final = re.compile(r"[^*]*[A-Za-z]{3}\*")
_ID: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HAN: Final = re.compile("[\u3400-\u9fff\U00020000-\U000323af]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Words that together mean the theme when they stand close, in any order.

    Attributes:
        words: Two or more.
        within: Most characters between one word and the next.
    """

    words: tuple[str, ...]
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What a comment can be about.

    Attributes:
        id: Short name in small letters.
        label: Name per report language.
        definition: What belongs to it, per language, for people who code; may be empty.
        touchpoints: Where it belongs; empty means anywhere. Used for display, never to match.
        any: Terms; one is enough.
        patterns: Regular expressions, matched on folded text.
        not_: A hit inside one of these is none.
        near: Words that must stand close.
        negative_cues: Terms that, in the same clause, mean the theme is meant badly.
        examples: Must be found.
        counter_examples: Must not be.
    """

    id: str
    label: Mapping[str, str]
    definition: Mapping[str, str] = field(default_factory=dict)
    touchpoints: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    not_: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()
    negative_cues: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()


Taxonomy = tuple[Theme, ...]


@cache
def base_taxonomy() -> Taxonomy:
    """Give the themes of retail and service that come with the workbook."""
    return _read(BASE, {})


def read_taxonomy(
    file: Path | None = None, *, touchpoints: frozenset[str] | None = None
) -> Taxonomy:
    """Read the client's themes over the base themes.

    A theme of the same id replaces the base's keys it names; `remove: [id, …]` at the top leaves
    base themes out; `base: false` starts from nothing. Every example is tried.

    Args:
        file: The consultant's file; None gives the base themes.
        touchpoints: Known ids, to check `touchpoints` against; None does not check them.

    Raises:
        ConfigError: All problems at once, each with line, value, rule and remedy.
    """
    if file is None:
        return base_taxonomy()
    if not file.is_file():
        problem = Problem(
            "engagement.yml", "voice.taxonomy", file.name, "the file must exist",
            "correct the name, relative to the engagement file",
        )  # fmt: skip
        raise ConfigError("the taxonomy cannot be read", [problem])
    tree, raw = parse(file)
    base = _plain(base_taxonomy()) if raw.get("base", True) is not False else {}
    problems = list(_header_problems(raw, base))
    if not problems:
        for name in raw.get("remove") or []:
            base.pop(name, None)
        problems = list(_theme_problems(raw["themes"], base, touchpoints))
    if problems:
        raise _refusal(file, tree, problems)
    taxonomy = _read(file, base)
    if tried := list(_example_problems(taxonomy, set(raw["themes"]))):
        raise _refusal(file, tree, tried)
    return taxonomy


Finding = tuple[Location, str, str, str]


def _refusal(file: Path, tree: yaml.Node, findings: list[Finding]) -> ConfigError:
    problems = [
        Problem(file.name, place(tree, loc), value, rule, remedy)
        for loc, value, rule, remedy in findings
    ]
    count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
    return ConfigError(f"{file.name} cannot be used: {count}", problems)


def _header_problems(raw: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[Finding]:
    allowed = ("version", "base", "remove", "themes")
    for key in raw:
        if key not in allowed:
            yield (key,), f"key {key!r}", "unknown key", _suggest(key, allowed)
    if raw.get("version") != 1:
        yield ("version",), repr(raw.get("version")), "version must be 1", "write version: 1"
    if not isinstance(raw.get("base", True), bool):
        yield ("base",), repr(raw["base"]), "must be true or false", "write true or false"
    if not isinstance(raw.get("themes"), dict) or not raw["themes"]:
        yield ("themes",), "", "themes must hold at least 1 theme", "add one under themes:"
    removed = raw.get("remove") or []
    if not isinstance(removed, list):
        yield ("remove",), repr(removed), "must be a list of theme ids", "write [one, two]"
        return
    for k, name in enumerate(removed):
        if name not in base:
            yield ("remove", k), repr(name), "no base theme of that id", _suggest(str(name), base)


def _theme_problems(
    themes: Mapping[str, Any], base: Mapping[str, Any], touchpoints: frozenset[str] | None
) -> Iterator[Finding]:
    if len(themes) + len(set(base) - set(themes)) > MOST_THEMES:
        yield ("themes",), str(len(themes)), f"at most {MOST_THEMES} themes", "join some of them"
    for name, theme in themes.items():
        loc: Location = ("themes", name)
        if not isinstance(name, str) or not _ID.fullmatch(name):
            rule = "must be an id of small Latin letters, digits and _, a letter first"
            yield loc, repr(name), rule, "write the id so, and the words under label:"
            continue
        if not isinstance(theme, dict):
            yield loc, "", f"must hold the keys {', '.join(_KEYS)}", "write each key with its value"
            continue
        for key in theme:
            if key not in _KEYS:
                yield (*loc, key), f"key {key!r}", "unknown key", _suggest(str(key), _KEYS)
        yield from _label_problems(loc, {**base.get(name, {}), **theme}.get("label"))
        yield from _definition_problems(loc, theme.get("definition"))
        yield from _list_problems(loc, theme)
        yield from _near_problems(loc, theme.get("near", []))
        merged = {**base.get(name, {}), **theme}
        if not merged.get("any") and not merged.get("near"):
            yield loc, "", "needs at least 1 term under any or near", "add one"
        for k, point in enumerate(theme.get("touchpoints") or []):
            if touchpoints is not None and point not in touchpoints:
                rule = "no touchpoint of that id in the engagement"
                yield (*loc, "touchpoints", k), repr(point), rule, _suggest(str(point), touchpoints)


def _label_problems(loc: Location, label: object) -> Iterator[Finding]:
    if not isinstance(label, dict) or not label:
        yield loc, "", "a label per language is required", "add label: {en: …, zh-Hant-HK: …}"
        return
    for language, words in label.items():
        at = (*loc, "label", str(language))
        if language not in LANGUAGES:
            rule = f"languages are {' and '.join(LANGUAGES)}"
            yield at, repr(language), rule, _suggest(str(language), LANGUAGES)
        elif not isinstance(words, str) or not words.strip() or len(words) > LONGEST_LABEL:
            rule = f"a label is text of 1 to {LONGEST_LABEL} characters on one line"
            yield at, f"{words!r:.40}", rule, "shorten or fill it in"
        elif not words.isprintable():
            yield at, f"{words!r:.40}", "a label has no control characters", "write it again"
    for language in LANGUAGES:
        if language not in label:
            yield (*loc, "label"), "", f"words are missing in {language}", f"add {language}:"


def _definition_problems(loc: Location, definition: object) -> Iterator[Finding]:
    if definition is None:
        return
    at = (*loc, "definition")
    if not isinstance(definition, dict):
        yield at, f"{definition!r:.40}", "a text per language", "write {en: …, zh-Hant-HK: …}"
        return
    for language, words in definition.items():
        if language not in LANGUAGES:
            rule = f"languages are {' and '.join(LANGUAGES)}"
            yield (*at, str(language)), repr(language), rule, _suggest(str(language), LANGUAGES)
        elif not isinstance(words, str) or not 0 < len(words.strip()) <= LONGEST_DEFINITION:
            rule = f"text of 1 to {LONGEST_DEFINITION} characters"
            yield (*at, str(language)), f"{words!r:.40}", rule, "shorten or fill it in"


def _list_problems(loc: Location, theme: Mapping[str, Any]) -> Iterator[Finding]:
    for key in _LISTS:
        items = theme.get(key, [])
        if not isinstance(items, list):
            yield (*loc, key), f"{items!r:.40}", "must be a list", "write [one, two]"
            continue
        for k, item in enumerate(items):
            at = (*loc, key, k)
            if key == "any" and isinstance(item, dict) and set(item) == {"re"}:
                yield from _pattern_problems(at, item["re"])
            elif not isinstance(item, str) or not item.strip():
                yield at, f"{item!r:.40}", "must be text", "put it in quotation marks"
            elif key == "any" and len(item.strip()) < 2 and _HAN.search(item):  # noqa: PLR2004 - two characters
                rule = "a term of 1 character means too many things"
                yield at, repr(item), rule, "add a second character, or use near"
            elif key in _TERMS and "*" in item and not _STEM.fullmatch(item.strip()):
                rule = "* stands at the end of 3 or more Latin letters"
                yield at, f"{item!r:.40}", rule, "write the forms out"


def _pattern_problems(at: Location, pattern: object) -> Iterator[Finding]:
    try:
        compiled = re.compile(str(pattern))
    except re.error as error:
        yield at, f"{pattern!r:.60}", f"must be a regular expression: {error}", "correct it"
        return
    if compiled.search("") is not None:
        yield at, f"{pattern!r:.60}", "must not match nothing at all", "make a part of it needed"
    if re.search(r"[+*}]\)?[+*{]", str(pattern)):
        rule = "a repeat inside a repeat can run for hours"
        yield at, f"{pattern!r:.60}", rule, "repeat only once"


def _near_problems(loc: Location, near: object) -> Iterator[Finding]:
    if not isinstance(near, list):
        yield (*loc, "near"), f"{near!r:.40}", "must be a list", "write [{words: […], within: 4}]"
        return
    for k, rule in enumerate(near):
        at = (*loc, "near", k)
        if not isinstance(rule, dict) or set(rule) != {"words", "within"}:
            yield at, f"{rule!r:.60}", "must hold words and within", "write {words: […], within: 4}"
            continue
        words = rule["words"]
        if not isinstance(words, list) or not all(isinstance(w, str) and w.strip() for w in words):
            yield (*at, "words"), f"{words!r:.60}", "must be a list of words", "write [one, two]"
        if not isinstance(rule["within"], int) or not 1 <= rule["within"] <= WIDEST:
            rule_words = f"must be a whole number from 1 to {WIDEST}"
            yield (*at, "within"), repr(rule["within"]), rule_words, "correct the value"


def _example_problems(taxonomy: Taxonomy, own: set[str]) -> Iterator[Finding]:
    from cxlib.measures.voice.coder import coder_of

    coder = coder_of(taxonomy)
    for theme in taxonomy:
        for k, text in enumerate(theme.examples):
            if theme.id in own and theme.id not in coder.themes_of(text):
                at = ("themes", theme.id, "examples", k)
                yield at, f"{text!r:.60}", "an example must be found by its theme", "add a term"
        for k, text in enumerate(theme.counter_examples):
            if theme.id in own and theme.id in coder.themes_of(text):
                at = ("themes", theme.id, "counter_examples", k)
                rule = "a counter-example must not be found by its theme"
                yield at, f"{text!r:.60}", rule, "add the words to not:"


def _suggest(word: str, allowed: Any) -> str:  # noqa: ANN401 - any names
    names = sorted(allowed)
    if near := get_close_matches(word, names, n=1, cutoff=0.6):
        return f"did you mean {near[0]!r}?"
    return f"use one of: {', '.join(names)}" if names else "remove it"


def _plain(taxonomy: Taxonomy) -> dict[str, dict[str, Any]]:
    return {
        theme.id: {
            "label": dict(theme.label), "definition": dict(theme.definition),
            "touchpoints": list(theme.touchpoints),
            "any": [*theme.any, *({"re": pattern} for pattern in theme.patterns)],
            "not": list(theme.not_),
            "near": [{"words": list(n.words), "within": n.within} for n in theme.near],
            "negative_cues": list(theme.negative_cues), "examples": list(theme.examples),
            "counter_examples": list(theme.counter_examples),
        }
        for theme in taxonomy
    }  # fmt: skip


def _read(file: Path, base: Mapping[str, Mapping[str, Any]]) -> Taxonomy:
    raw = parse(file)[1]["themes"]
    names = [*base, *(name for name in raw if name not in base)]
    return tuple(_theme(name, {**base.get(name, {}), **raw.get(name, {})}) for name in names)


def _theme(name: str, raw: Mapping[str, Any]) -> Theme:
    terms = raw.get("any") or []
    return Theme(
        id=name,
        label=dict(raw["label"]),
        definition=dict(raw.get("definition") or {}),
        touchpoints=tuple(raw.get("touchpoints") or ()),
        any=tuple(term.strip() for term in terms if isinstance(term, str)),
        patterns=tuple(fold(str(term["re"])) for term in terms if isinstance(term, dict)),
        not_=tuple(raw.get("not") or ()),
        near=tuple(
            Near(words=tuple(rule["words"]), within=rule["within"])
            for rule in raw.get("near") or ()
        ),
        negative_cues=tuple(raw.get("negative_cues") or ()),
        examples=tuple(raw.get("examples") or ()),
        counter_examples=tuple(raw.get("counter_examples") or ()),
    )

"""A client's look from ``_brand.yml`` (brand.yml format), checked for contrast, as design tokens.

Charts, HTML and PDF take every colour and size from here, so a report cannot look like two.
"""

import base64
import re
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from cxlib.errors import ConfigError, Problem
from cxlib.report.colour import contrast, is_light, lift, mix, sight_distance

_TEXT_CONTRAST: Final = 4.5
"""WCAG 2.2, success criterion 1.4.3: text against its background."""
_MARK_CONTRAST: Final = 2.6
"""Bars and lines; 3:1 is asked of marks without a label, ours always carry one."""
_SERIES_DISTANCE: Final = 0.07
"""Least OKLab distance of two series colours for readers with red- or green-weak sight."""

_DEFAULTS: Final = MappingProxyType(
    {
        "primary": "#12505F",
        "secondary": "#A2541D",
        "foreground": "#1D2A30",
        "background": "#FFFFFF",
        "tertiary": "#56666D",
        "success": "#1C6B4A",
        "warning": "#8A5A00",
        "danger": "#A8322A",
    }
)
_DEFAULT_SERIES: Final = ("#12505F", "#B6671F", "#6BA2BD", "#81498C", "#AD994D", "#687074")

_LOGO_KINDS: Final = MappingProxyType(
    {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """The colours of one client, each ``#RRGGBB``.

    Attributes:
        name: The client's name as the brand file writes it.
        primary: Bands, headings, the first series.
        accent: The decision wanted, the line that matters.
        ink: Text.
        paper: Page.
        muted: Sources, notes, axis labels.
        good: Target met.
        watch: Keep an eye on it.
        bad: Target missed.
        series: Two to six colours for categories, told apart with colour-weak sight.
        logo: An SVG, PNG or JPEG file for the cover.
    """

    name: str
    primary: str = _DEFAULTS["primary"]
    accent: str = _DEFAULTS["secondary"]
    ink: str = _DEFAULTS["foreground"]
    paper: str = _DEFAULTS["background"]
    muted: str = _DEFAULTS["tertiary"]
    good: str = _DEFAULTS["success"]
    watch: str = _DEFAULTS["warning"]
    bad: str = _DEFAULTS["danger"]
    series: tuple[str, ...] = _DEFAULT_SERIES
    logo: Path | None = None

    def tint(self, colour: str, share: float) -> str:
        """Mix ``share`` (0-1) of a colour into the paper."""
        return mix(colour, self.paper, share)

    def tokens(self) -> dict[str, str]:
        """Give the colours of the page, one name each for the CSS and the PDF."""
        return {
            "primary": self.primary,
            "accent": self.accent,
            "ink": self.ink,
            "paper": self.paper,
            "muted": self.muted,
            "good": self.good,
            "watch": self.watch,
            "bad": self.bad,
            "band": self.primary,
            "on-band": self.paper,
            "plate": self.paper,
            "rule": self.tint(self.ink, 0.16),
            "hairline": self.tint(self.ink, 0.09),
            "panel": self.tint(self.primary, 0.05),
            "primary-tint": self.tint(self.primary, 0.11),
            "accent-tint": self.tint(self.accent, 0.08),
            "good-tint": self.tint(self.good, 0.10),
            "watch-tint": self.tint(self.watch, 0.10),
            "bad-tint": self.tint(self.bad, 0.09),
        }

    def dark_tokens(self) -> dict[str, str]:
        """Give the same names for a dark screen; cover band and charts stay as they are."""
        night = replace(self, paper=mix(self.ink, "#000000", 0.55), ink="#E6ECEE")
        lifted = replace(
            night,
            primary=lift(self.primary, night.paper),
            accent=lift(self.accent, night.paper),
            muted=lift(self.muted, night.paper),
            good=lift(self.good, night.paper),
            watch=lift(self.watch, night.paper),
            bad=lift(self.bad, night.paper),
        )
        return lifted.tokens() | {
            "band": self.tint(self.primary, 0.92),
            "on-band": self.paper,
            "plate": self.paper,
        }

    def logo_uri(self) -> str:
        """Give the logo as a ``data:`` address, empty when the brand has none."""
        if self.logo is None:
            return ""
        data = base64.b64encode(self.logo.read_bytes()).decode("ascii")
        return f"data:{_LOGO_KINDS[self.logo.suffix.lower()]};base64,{data}"


def read_brand(path: Path) -> Brand:
    """Read and check a ``_brand.yml``.

    Colours left out take the workbook's own. ``color.palette`` may name ``series-1`` …
    ``series-6``; ``color.tertiary`` is the colour of notes and sources.

    Raises:
        ConfigError: Every unknown key, unreadable colour and weak contrast at once.
    """
    content = _load(path)
    colours, problems = _colours(content, path)
    chosen = {key: colours.get(key, default) for key, default in _DEFAULTS.items()}
    series = tuple(
        colours[f"series-{place}"] for place in range(1, 7) if f"series-{place}" in colours
    )
    brand = Brand(
        name=_name(content) or path.parent.name,
        primary=chosen["primary"],
        accent=chosen["secondary"],
        ink=chosen["foreground"],
        paper=chosen["background"],
        muted=chosen["tertiary"],
        good=chosen["success"],
        watch=chosen["warning"],
        bad=chosen["danger"],
        series=series or _DEFAULT_SERIES,
        logo=_logo(content, path, problems),
    )
    if not problems:
        problems.extend(_weak_contrasts(brand, path))
        problems.extend(_look_alikes(brand, path))
    if problems:
        raise ConfigError(f"{path.name} must describe a readable brand", problems)
    return brand


# --- reading ------------------------------------------------------------------------------------


def _load(path: Path) -> dict[str, Any]:
    """Read the file and let the format's own package check its keys."""
    import yaml
    from brand_yml import Brand as BrandFile
    from pydantic import ValidationError

    def refuse(where: str, value: str, rule: str, remedy: str) -> ConfigError:
        return ConfigError(
            f"{path.name} must follow the brand.yml format",
            [Problem(path.name, where, value, rule, remedy)],
        )

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise refuse("", "", f"must be readable ({error.strerror})", "check the path") from error
    except UnicodeDecodeError as error:
        raise refuse("", "", "must be UTF-8 text", "save the file as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        rule = f"must be YAML ({getattr(error, 'problem', None) or 'unreadable'})"
        raise refuse(where, "", rule, "mind the indents and quote colours") from error
    if not isinstance(content, dict):
        raise refuse("", f"{content!r:.40}", "must hold keys such as meta and color", "see README")
    try:
        BrandFile.model_validate(content)
    except ValidationError as error:
        raise ConfigError(
            f"{path.name} must follow the brand.yml format",
            [_as_problem(path, dict(each)) for each in error.errors()],
        ) from error
    except (ValueError, TypeError) as error:
        raise refuse(
            "color", "", str(error).lower().rstrip("."), "name each colour once"
        ) from error
    return content


def _as_problem(path: Path, error: dict[str, Any]) -> Problem:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = "meta, logo, color, typography, defaults"
        if error["loc"][0] == "color":
            known = (
                "palette, foreground, background, primary, secondary, tertiary, success, "
                "info, warning, danger, light, dark"
            )
        return Problem(
            path.name, where, f"{error['input']!r:.60}", "unknown key", f"use one of {known}"
        )
    rule = str(error["msg"]).removeprefix("Value error, ")
    rule = rule[:1].lower() + rule[1:].rstrip(".")
    return Problem(path.name, where, f"{error['input']!r:.60}", rule, "see the brand.yml format")


def _colours(content: dict[str, Any], path: Path) -> tuple[dict[str, str], list[Problem]]:
    """Resolve names through the palette; every colour must end as #RGB or #RRGGBB."""
    section = dict(content.get("color") or {})
    palette = dict(section.pop("palette", None) or {})
    colours: dict[str, str] = {}
    problems = []
    wanted = {f"color.palette.{key}": (key, value) for key, value in palette.items()}
    wanted |= {f"color.{key}": (key, value) for key, value in section.items()}
    for where, (key, value) in wanted.items():
        found, steps = str(value), 0
        while found in palette and steps < len(palette):
            found, steps = str(palette[found]), steps + 1
        if re.fullmatch(r"#[0-9a-fA-F]{3}", found):
            found = "#" + "".join(2 * digit for digit in found[1:])
        if re.fullmatch(r"#[0-9a-fA-F]{6}", found):
            colours[key] = found.upper()
        else:
            names = ", ".join(sorted(palette)) or "none yet"
            remedy = f'write "#RRGGBB" in quotes or a name of the palette ({names})'
            problems.append(Problem(path.name, where, repr(value), "must be a colour", remedy))
    return colours, problems


def _name(content: dict[str, Any]) -> str:
    name = (content.get("meta") or {}).get("name") or ""
    return str(name.get("full") or name.get("short") or "") if isinstance(name, dict) else str(name)


def _logo(content: dict[str, Any], path: Path, problems: list[Problem]) -> Path | None:
    """The medium, large or small logo, a file beside the brand file."""
    found = content.get("logo")
    if isinstance(found, dict):
        found = found.get("path") or found.get("medium") or found.get("large") or found.get("small")
    if isinstance(found, dict):
        found = found.get("light") or found.get("path")
    if isinstance(found, dict):
        found = found.get("path")
    if not found:
        return None
    logo = path.parent / str(found)
    if not logo.is_file():
        problems.append(
            Problem(path.name, "logo", str(found), "file not found", "correct the path")
        )
    elif logo.suffix.lower() not in _LOGO_KINDS:
        kinds = ", ".join(_LOGO_KINDS)
        problems.append(
            Problem(path.name, "logo", str(found), "unknown picture format", f"use one of {kinds}")
        )
    return logo


# --- checking -----------------------------------------------------------------------------------


def _weak_contrasts(brand: Brand, path: Path) -> list[Problem]:
    """Text colours against the paper and the tints they are printed on; marks against paper."""
    names = {
        "foreground": brand.ink,
        "primary": brand.primary,
        "secondary": brand.accent,
        "tertiary": brand.muted,
        "success": brand.good,
        "warning": brand.watch,
        "danger": brand.bad,
    }
    problems = []
    for key, colour in names.items():
        found = contrast(colour, brand.paper)
        if found < _TEXT_CONTRAST:
            rule = f"contrast with background {brand.paper} must be 4.5:1 or more, is {found:.1f}:1"
            remedy = f"take a {'darker' if is_light(brand.paper) else 'lighter'} shade"
            problems.append(Problem(path.name, f"color.{key}", colour, rule, remedy))
    for place, colour in enumerate(brand.series, start=1):
        found = contrast(colour, brand.paper)
        if found < _MARK_CONTRAST:
            rule = f"contrast with background {brand.paper} must be 2.6:1 or more, is {found:.1f}:1"
            where = f"color.palette.series-{place}"
            problems.append(Problem(path.name, where, colour, rule, "take a stronger shade"))
    return problems


def _look_alikes(brand: Brand, path: Path) -> list[Problem]:
    """Pairs of series colours that a red- or green-weak reader would take for one."""
    problems = []
    for place, first in enumerate(brand.series):
        for other in range(place + 1, len(brand.series)):
            second = brand.series[other]
            if sight_distance(first, second) < _SERIES_DISTANCE:
                rule = f"looks like series-{place + 1} {first} to colour-weak readers"
                where = f"color.palette.series-{other + 1}"
                remedy = "make one of the two lighter or darker"
                problems.append(Problem(path.name, where, second, rule, remedy))
    return problems

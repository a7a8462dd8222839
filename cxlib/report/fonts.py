"""The Hong Kong Chinese faces of a report: found or made once, checked, cut to the text in use.

The faces come from the pip wheel ``manimgx-fonts-cjk`` (Noto Sans CJK, SIL Open Font License),
whose variable font matplotlib would draw in its thinnest weight. HarfBuzz pins the weight and
keeps the characters Hong Kong writes with; the two static files wait in a cache outside Git.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from cxlib.errors import ReportError

FAMILY: Final = "Noto Sans HK"
"""The name the static faces carry, in the CSS, the charts and the PDF alike."""

_WHEEL: Final = "manimgx-fonts-cjk"
_HK_FACE: Final = 4
_RECIPE: Final = "1"
"""Counts up when the way the faces are made changes, so that old caches are not taken."""

_FALLBACK_WHEEL: Final = "pylopdf-fonts-zh-tw"
_INSTALLED: Final = (
    ("NotoSansHK", "NotoSansHK"),
    ("NotoSansCJK", "HK"),
    ("NotoSansTC", "TC"),
    ("PingFang", "HK"),
    ("msjh", "JhengHei"),
)
"""Installed files taken as a last resort: start of the file name, word in the face's name."""

_BLOCKS: Final = (
    (0x0020, 0x024F),  # Latin
    (0x0370, 0x03FF),  # Greek, for symbols of statistics
    (0x2000, 0x206F),  # general punctuation
    (0x2070, 0x209F),  # superscripts
    (0x20A0, 0x20CF),  # currency
    (0x2100, 0x218F),  # letter-like, fractions
    (0x2190, 0x23FF),  # arrows, mathematics (minus is U+2212), technical
    (0x2460, 0x27BF),  # circled numbers, box drawing, shapes, marks
    (0x3000, 0x33FF),  # CJK punctuation, kana, squared words
    (0x4E00, 0x9FFF),  # Han
    (0xFE30, 0xFE4F),  # CJK compatibility forms
    (0xFF00, 0xFFEF),  # full-width forms
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FontSet:
    """Two static single-face files of one family.

    Attributes:
        regular: Weight 400.
        bold: Weight 700; the regular file again where a family has no bold.
        family: Name for CSS, charts and PDF.
        origin: Where the faces come from, for ``cx doctor`` and the provenance page.
    """

    regular: Path
    bold: Path
    family: str
    origin: str


@lru_cache(maxsize=8)
def report_fonts(configured: str = "") -> FontSet:
    """Give the faces reports and charts are set in, making them where they do not exist yet.

    The first that exists: ``configured``, the environment's ``CX_FONT``, the Hong Kong faces
    of the font wheel, the Traditional Chinese faces of ``pylopdf-fonts-zh-tw``, an installed
    Noto CJK, PingFang or JhengHei.

    Args:
        configured: A font file of the user's choice, or two parted as PATH parts folders
            (regular, then bold); empty for none.

    Raises:
        ReportError: No Hong Kong Chinese face was found, or the one asked for cannot be read.
    """
    if wanted := configured or os.environ.get("CX_FONT", ""):
        return _chosen(wanted)
    for found in (_from_wheel, _from_fallback_wheel, _from_system):
        if fonts := found():
            return fonts
    raise ReportError(
        "no Hong Kong Chinese face was found; run `pip install manimgx-fonts-cjk`, "
        "or give a font file in the environment variable CX_FONT"
    )


def missing_characters(text: str, fonts: FontSet) -> tuple[str, ...]:
    """List the characters of ``text`` that one of the two faces has no glyph for, sorted."""
    seen = {character for character in text if not (character.isspace() and character != "\u3000")}
    seen -= {"\u00a0"}
    drawn = _characters(fonts.regular) & _characters(fonts.bold)
    return tuple(sorted(character for character in seen if ord(character) not in drawn))


def require_glyphs(text: str, fonts: FontSet) -> None:
    """Refuse a text that would print an empty box.

    Raises:
        ReportError: With every missing character and its code point.
    """
    if missing := missing_characters(text, fonts):
        listed = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in missing)
        raise ReportError(
            f"every character must have a glyph in {fonts.family}, missing: {listed}; "
            "take the characters out of the text or give another font in CX_FONT"
        )


def subset(fonts: FontSet, text: str, *, weight: Literal["regular", "bold"] = "regular") -> bytes:
    """Cut one face to the characters of ``text``: an OpenType file small enough to embed."""
    import uharfbuzz as hb

    path = fonts.regular if weight == "regular" else fonts.bold
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(ord(character) for character in set(text) | set(" 0123456789"))
    wanted.flags = hb.SubsetFlags.NO_HINTING
    wanted.drop_table_tag_set.update(_tags("vhea", "vmtx", "VORG", "DSIG"))
    return bytes(hb.subset(_face(path), wanted).blob.data)


def cache_folder() -> Path:
    """Give the folder for what can be made again: ``CX_CACHE``, else ``.cache`` of the project."""
    if named := os.environ.get("CX_CACHE"):
        return Path(named)
    project = Path(__file__).resolve().parents[2]
    if (project / "pyproject.toml").is_file():
        return project / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cx-workbook"


# --- where faces come from ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Origin:
    """One face in a file that may hold several, and the weight to pin when it is variable."""

    path: Path
    index: int
    weight: int


def _chosen(wanted: str) -> FontSet:
    paths = [Path(part).expanduser() for part in wanted.split(os.pathsep)]
    if absent := [str(path) for path in paths if not path.is_file()]:
        raise ReportError(f"font files must exist, not found: {', '.join(absent)}; check CX_FONT")
    return _static(
        _Origin(paths[0], _best_face(paths[0], "HK"), 400),
        _Origin(paths[-1], _best_face(paths[-1], "HK"), 700),
        family="",
        origin=" + ".join(path.name for path in paths),
        folder=f"chosen-{_stamp(*paths)}",
    )


def _from_wheel() -> FontSet | None:
    files, version = _files_of(_WHEEL)
    found = next((path for path in files if path.suffix == ".ttc"), None)
    if found is None:
        return None
    return _static(
        _Origin(found, _HK_FACE, 400),
        _Origin(found, _HK_FACE, 700),
        family=FAMILY,
        origin=f"Noto Sans CJK HK from {_WHEEL} {version}",
        folder=f"noto-sans-hk-{version}-{_RECIPE}",
        licence=next((path for path in files if path.name.upper().startswith("LICEN")), None),
    )


def _from_fallback_wheel() -> FontSet | None:
    files, version = _files_of(_FALLBACK_WHEEL)
    sans = [path for path in files if path.suffix in {".ttf", ".otf"} and "Sans" in path.name]
    if not sans:
        return None
    face = _Origin(sans[0], 0, 400)
    origin = f"{sans[0].stem} from {_FALLBACK_WHEEL} {version}; Taiwan shapes, no bold"
    return _static(face, face, family="", origin=origin, folder=f"fallback-{version}-{_RECIPE}")


def _from_system() -> FontSet | None:
    from matplotlib.font_manager import findSystemFonts

    files = sorted(Path(name) for name in findSystemFonts())
    for start, word in _INSTALLED:
        faces = [path for path in files if path.name.lower().startswith(start.lower())]
        if not faces:
            continue
        bold = [path for path in faces if "bold" in path.stem.lower() or path.stem == "msjhbd"]
        plain = [path for path in faces if "regular" in path.stem.lower()] or faces
        chosen = (plain[0], bold[0] if bold else plain[0])
        return _static(
            _Origin(chosen[0], _best_face(chosen[0], word), 400),
            _Origin(chosen[1], _best_face(chosen[1], word), 700),
            family="",
            origin=f"installed font {chosen[0].name}",
            folder=f"installed-{_stamp(*chosen)}",
        )
    return None


def _files_of(wheel: str) -> tuple[list[Path], str]:
    """The files of an installed wheel and its version; none where it is not installed."""
    try:
        found = metadata.distribution(wheel)
    except metadata.PackageNotFoundError:
        return [], ""
    return [Path(str(found.locate_file(file))) for file in found.files or ()], found.version


def _stamp(*paths: Path) -> str:
    from hashlib import sha256

    facts = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return sha256(repr((facts, _RECIPE)).encode()).hexdigest()[:12]


def _best_face(path: Path, word: str) -> int:
    """The face of a collection whose name holds ``word``, else its first."""
    from fontTools.ttLib import TTCollection

    if path.suffix.lower() not in {".ttc", ".otc"}:
        return 0
    with TTCollection(path, lazy=True) as collection:
        names = [str(face["name"].getDebugName(1)) for face in collection.fonts]
    return next((index for index, name in enumerate(names) if word in name), 0)


# --- how static faces are made ------------------------------------------------------------------


def _static(
    regular: _Origin,
    bold: _Origin,
    *,
    family: str,
    origin: str,
    folder: str,
    licence: Path | None = None,
) -> FontSet:
    """Make both faces in the cache unless they are there; the folder appears whole or not."""
    home = cache_folder() / "fonts" / folder
    files = home / "Regular.otf", home / "Bold.otf"
    if not all(file.is_file() for file in files):
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            workshop = Path(tempfile.mkdtemp(prefix=f".{folder}-", dir=home.parent))
        except OSError as error:
            raise ReportError(
                f"the font cache {home.parent} must be writable, got: {error.strerror}; "
                "give another folder in the environment variable CX_CACHE"
            ) from error
        try:
            _make(regular, workshop / "Regular.otf", family=family, style="Regular")
            _make(bold, workshop / "Bold.otf", family=family, style="Bold")
            if licence is not None:
                shutil.copyfile(licence, workshop / "OFL.txt")
            workshop.chmod(0o755)
            _publish(workshop, home)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    return FontSet(
        regular=files[0], bold=files[1], family=family or _family_of(files[0]), origin=origin
    )


def _publish(workshop: Path, home: Path) -> None:
    """Rename the finished folder into place; another process may have been quicker."""
    try:
        workshop.rename(home)
    except OSError:
        if not (home / "Bold.otf").is_file():
            shutil.rmtree(home, ignore_errors=True)
            workshop.rename(home)


def _make(origin: _Origin, target: Path, *, family: str, style: str) -> None:
    """Pin the weight, keep Hong Kong's characters, flatten CFF2 to CFF, set the names."""
    import uharfbuzz as hb

    try:
        face = hb.Face(hb.Blob.from_file_path(str(origin.path)), origin.index)
        wanted = hb.SubsetInput()
        wanted.unicode_set.update(set(_kept()) & set(face.unicodes))
        features = set(wanted.layout_feature_tag_set)
        wanted.layout_feature_tag_set.clear()
        wanted.layout_feature_tag_set.update(features - set(_tags("locl", "vert", "vrt2")))
        wanted.drop_table_tag_set.update(_tags("vhea", "vmtx", "VORG", "DSIG", "STAT"))
        wanted.flags = hb.SubsetFlags.DOWNGRADE_CFF2 | hb.SubsetFlags.NO_HINTING
        for axis in face.axis_infos:
            value = origin.weight if axis.tag == "wght" else axis.default_value
            wanted.pin_axis_location(face, axis.tag, float(value))
        made = hb.subset(face, wanted).blob.data
    except (RuntimeError, OSError, ValueError) as error:
        raise ReportError(f"{origin.path.name} must be a readable font, got: {error}") from error
    _name(bytes(made), target, family=family, style=style)


def _name(made: bytes, target: Path, *, family: str, style: str) -> None:
    """Write family, style and weight so that every program finds the face by the same name."""
    from io import BytesIO

    from fontTools.ttLib import TTFont

    font: Any = TTFont(BytesIO(made), recalcTimestamp=False, recalcBBoxes=False)
    names = font["name"]
    family = family or str(names.getBestFamilyName())
    record = {1: family, 2: style, 4: f"{family} {style}", 6: f"{family}-{style}".replace(" ", "")}
    names.names = [each for each in names.names if each.nameID in {0, 7, 13, 14}]
    for name_id, value in record.items():
        names.setName(value, name_id, 3, 1, 0x409)
    heavy = style == "Bold"
    font["OS/2"].usWeightClass = 700 if heavy else 400
    font["OS/2"].fsSelection = 0x20 if heavy else 0x40
    font["head"].macStyle = 1 if heavy else 0
    font.save(target, reorderTables=None)


def _kept() -> Iterator[int]:
    """Every code point of the report faces: Big5 with HKSCS, all basic Han, symbols."""
    for first, last in _BLOCKS:
        yield from range(first, last + 1)
    for lead in range(0x87, 0xFF):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            try:
                decoded = bytes((lead, trail)).decode("big5hkscs")
            except UnicodeDecodeError:
                continue
            yield from map(ord, decoded)


@lru_cache(maxsize=8)
def _face(path: Path) -> Any:  # noqa: ANN401 - HarfBuzz is untyped
    import uharfbuzz as hb

    return hb.Face(hb.Blob.from_file_path(str(path)))


@lru_cache(maxsize=8)
def _characters(path: Path) -> frozenset[int]:
    return frozenset(_face(path).unicodes)


def _family_of(path: Path) -> str:
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return str(font["name"].getBestFamilyName())


def _tags(*names: str) -> Iterator[int]:
    """OpenType tags as the numbers HarfBuzz counts them by."""
    return (int.from_bytes(name.encode("ascii"), "big") for name in names)

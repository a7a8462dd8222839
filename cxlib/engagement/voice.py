"""What an engagement states about its customers' words: themes, names to hide, worth of stars."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from cxlib.engagement.words import Strict

Worths = Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=5, max_length=5)]
"""What 1, 2, 3, 4 and 5 stars of a source are worth, 0 to 1."""


class Voice(Strict):
    """Statements about open answers and public mentions; files lie beside the engagement file."""

    taxonomy: str | None = None
    """Themes of the client's own, laid over those of the workbook."""

    names: str | None = None
    """Names of staff and customers to hide, one a line."""

    quotes: str | None = None
    """Quotations with a consultant's tick; none is shown without it."""

    star_mapping: dict[str, Worths] = Field(default_factory=dict)
    """Source to the worth of its stars; without one, stars are never averaged across sources."""

    @field_validator("taxonomy", "names", "quotes")
    @classmethod
    def _stays_in_the_folder(cls, path: str | None) -> str | None:
        if path is None:
            return None
        windows, posix = PureWindowsPath(path), PurePosixPath(path)
        outside = windows.drive or windows.root or posix.is_absolute() or ".." in windows.parts
        if outside or not path.strip():
            raise PydanticCustomError("file_outside", "must stay in the engagement's folder")
        return path

    @field_validator("star_mapping")
    @classmethod
    def _more_stars_are_worth_more(cls, mapping: dict[str, list[float]]) -> dict[str, list[float]]:
        for source, worths in mapping.items():
            if sorted(worths) != worths or worths[0] == worths[-1]:
                raise ValueError(
                    f"{source}: the worth of 1 to 5 stars must rise, got "
                    f"{', '.join(f'{worth:g}' for worth in worths)}"
                )
        return mapping

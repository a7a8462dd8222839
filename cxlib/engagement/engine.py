"""The engine part of the engagement file: where the client's tables lie if not in files."""

import os
import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator

from cxlib.engagement.words import Strict
from cxlib.errors import ConfigError, Problem

_VARIABLE: Final = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_EXAMPLE: Final = {
    "duckdb": "/path/to/tables.duckdb",
    "postgres": "postgresql://reader:password@host:5432/database",
    "spark": "spark://host:7077",
}


def _named_not_written(value: str) -> str:
    if _VARIABLE.fullmatch(value) is None:  # the value itself may be a secret and is never shown
        raise ValueError(
            "an address may hold a password, so the file names an environment variable: "
            'address: "${CX_DATABASE}"'
        )
    return value


class EngineAt(Strict):
    """Which engine holds the tables, and the environment variable with its address."""

    kind: Literal["duckdb", "postgres", "spark"]
    address: Annotated[str, AfterValidator(_named_not_written)]

    @property
    def variable(self) -> str:
        """The environment variable's name."""
        return self.address[2:-1]

    def resolve(self, file: str) -> str:
        """Take the address from the environment.

        Args:
            file: Name of the engagement file, for the message.

        Raises:
            ConfigError: The variable is not set.
        """
        address = os.environ.get(self.variable, "").strip()
        if not address:
            problem = Problem(
                file, "engine.address", self.address,
                f"the environment variable {self.variable} must hold the address of the tables, "
                "and it is not set",
                f"set it before cx runs: export {self.variable}={_EXAMPLE[self.kind]}",
            )  # fmt: skip
            raise ConfigError("the tables cannot be reached", [problem])
        return address

"""Rebuild the sample engagement: python -m cxlib.data.simulate FOLDER."""

import sys
from pathlib import Path

from cxlib.data.simulate import write_sample

_EXAMPLE = "python -m cxlib.data.simulate data_samples/harbour_home"

match sys.argv[1:]:
    case [folder]:
        write_sample(Path(folder))
    case given:
        sys.exit(f"give one folder, got {len(given)}; for example: {_EXAMPLE}")

"""Rebuild the sample engagement: python -m cxlib.data.simulate FOLDER."""

import sys
from pathlib import Path

from cxlib.data.simulate import write_sample

if len(sys.argv) != 2:
    sys.exit("give one folder, for example: python -m cxlib.data.simulate data_samples/harbour_home")
write_sample(Path(sys.argv[1]))

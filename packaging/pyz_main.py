"""The ``__main__.py`` of smtp-wizard.pyz, in words that any Python can read.

The program runs from inside the archive and unpacks nothing: no directory is needed that could be
written to, and none is used that others could have prepared.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "smtp-wizard: Python 3.11 or later is needed; this is %s (%s). "
        "Start it with a newer one: python3.11 smtp-wizard.pyz"
        % (sys.version.split()[0], sys.executable)
    )

import os
from importlib.util import MAGIC_NUMBER

# Absolute, since the working directory may change.
archive = os.path.dirname(os.path.abspath(__file__))
number = int.from_bytes(MAGIC_NUMBER[:2], "little")
# What was compiled for this Python comes first; another one reads the sources, which is slower.
sys.path[:1] = [os.path.join(archive, "compiled", str(number)), archive]

from wizard.cli import main  # noqa: E402

sys.exit(main())

"""`python -m mol_edge`: the same as the command `mol-edge`."""

import sys

from mol_edge.cli import main

sys.exit(main())

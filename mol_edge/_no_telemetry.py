"""No usage reports: imported before everything else, so before any runtime.

ONNX Runtime from 1.29 on writes a device number to the user's cache and sends reports to Microsoft
from threads of its own, unless this is set when it is loaded. A program that looks at faces must
not, and a device without a network spends threads and time on trying. Whoever wants the reports
sets the variable to 0.
"""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

"""Arrow's own allocator keeps what it had, twenty megabytes after an import's first segments; the
system's gives it back. Arrow looks which it shall be when it is first imported, which is here and
below."""

import os

os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

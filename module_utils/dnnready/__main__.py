"""`python -m dnnready`, for trying the program from the sources."""

from __future__ import annotations

from .cli.main import main

raise SystemExit(main())

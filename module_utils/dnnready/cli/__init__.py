"""The program `dnnready` on the device. Its start must stay cheap: a verb is imported when it is called."""

from __future__ import annotations

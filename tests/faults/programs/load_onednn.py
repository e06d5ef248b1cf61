"""Load oneDNN by the name that programs are linked to, and ask for its version."""

import ctypes

Version = type(
    "Version", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_int) for name in ("major", "minor", "patch")]}
)
library = ctypes.CDLL("libdnnl.so.3")
library.dnnl_version.restype = ctypes.POINTER(Version)
version = library.dnnl_version().contents
print("loaded oneDNN", version.major, version.minor, version.patch)

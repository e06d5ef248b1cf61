"""Mark a library as one that needs an executable stack, as an assembler file without a .note.GNU-stack section does."""

import struct
import sys

PT_GNU_STACK, PF_X = 0x6474E551, 1
with open(sys.argv[1], "r+b") as library:
    library.seek(0x20)
    (table,) = struct.unpack("<Q", library.read(8))
    library.seek(0x36)
    size, count = struct.unpack("<HH", library.read(4))
    for index in range(count):
        library.seek(table + index * size)
        kind, flags = struct.unpack("<II", library.read(8))
        if kind == PT_GNU_STACK:
            library.seek(table + index * size + 4)
            library.write(struct.pack("<I", flags | PF_X))
            break
    else:
        sys.exit("no PT_GNU_STACK")

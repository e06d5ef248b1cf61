"""Which settings glibc has.

Read from glibc itself: what `ld.so --list-tunables` prints for 2.36 and 2.41, and the names in the loader of 2.31.
A name that came between two of these versions may be in any version between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

Version = tuple[int, ...]

#: Up to 2.31 at least, malloc refuses an mmap_threshold above HEAP_MAX_SIZE / 2 and then stops adapting (measured);
#: from 2.36 on at the latest it takes any (measured). What is between was not tried.
MMAP_LIMIT_OLD = 32 << 20
MMAP_LIMIT_GONE: Version = (2, 36)

#: Names, under the newest version that was seen without them.
_ABSENT_IN: dict[Version, str] = {
    (0,): "malloc.arena_max malloc.arena_test malloc.check malloc.mmap_max malloc.mmap_threshold malloc.mxfast "
    "malloc.perturb malloc.tcache_count malloc.tcache_max malloc.tcache_unsorted_limit malloc.top_pad "
    "malloc.trim_threshold cpu.hwcaps cpu.x86_data_cache_size cpu.x86_non_temporal_threshold cpu.x86_shared_cache_size "
    "cpu.x86_ibt cpu.x86_shstk elision.enable elision.skip_lock_after_retries elision.skip_lock_busy "
    "elision.skip_lock_internal_abort elision.skip_trylock_internal_abort elision.tries pthread.mutex_spin_count "
    "rtld.nns rtld.optional_static_tls cpu.hwcap_mask cpu.name",
    (2, 31): "cpu.x86_rep_movsb_threshold cpu.x86_rep_stosb_threshold gmon.maxarcs gmon.minarcs malloc.hugetlb "
    "mem.tagging pthread.rseq pthread.stack_cache_size rtld.dynamic_sort",
    (2, 36): "cpu.plt_rewrite cpu.prefer_map_32bit_exec cpu.x86_memset_non_temporal_threshold mem.decorate_maps "
    "pthread.stack_hugetlb rtld.enable_secure rtld.execstack",
}
_TUNABLES = {f"glibc.{name}": version for version, names in _ABSENT_IN.items() for name in names.split()}
_NEWEST_SEEN: Version = (2, 41)


def glibc_version(host: Mapping[str, Any]) -> Optional[Version]:
    """(2, 36) from the host document; None where it is unknown or not glibc."""
    libc = host.get("libc", {})
    match = re.match(r"([0-9]+)\.([0-9]+)", str(libc.get("version", "")))
    return (int(match[1]), int(match[2])) if match and libc.get("name") == "glibc" else None


def lacks_tunable(name: str, version: Optional[Version]) -> bool:
    """Whether a glibc surely has no such tunable; an unknown version is taken for the newest."""
    version = version or _NEWEST_SEEN
    if name in _TUNABLES:
        return version <= _TUNABLES[name]
    return version <= _NEWEST_SEEN

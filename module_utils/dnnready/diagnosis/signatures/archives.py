"""Packages that came damaged: a download that was cut, a digest that differs, an archive that does not open."""

from __future__ import annotations

from ..signature import sign

SIGNATURES = (
    sign(
        "digest_differs",
        "A file has another digest than its package says.",
        (
            r"(?:hash(?:es)?|digest|checksum|sha256(?: sum)?)(?: sums?)? (?:mismatch|do(?:es)? not match|differs?)",
            r"Bad hash for file",
            r"(?:ChecksumMismatch|CondaVerification|InvalidArchive|BadWheelFile|HashMismatch|Safety)Error",
            r"BadWheelFile",
            r"(?:mismatch|difference) between the expected content",
            r"Retrieved digest for [^\n]{1,120}not in",
            r"Expected sha256 [0-9a-f<]{6}",
        ),
        {"corrupt_install": 0.86},
        "Exception message: Bad hash for file 'torch/lib/libTHCS.so.1'",
    ),
    sign(
        "archive_damaged",
        "A package is cut short or does not open.",
        (
            r"Error -\d while decompressing",
            r"IncompleteRead\(\d",
            r"Connection broken: IncompleteRead",
            r"located at [^\n]{1,200} is invalid\.",
            r"has an invalid wheel",
            r"\.dist-info directory not found",
            r"due to invalid metadata entry",
            r"(?:unexpected|premature) (?:end|EOF) (?:of|in)[^\n]{0,20}(?:file|archive|data|stream|member)",
            r"premature member",
            r"libs[/\\]plugins\.xml",
            r"gzip: stdin: (?:unexpected end of file|not in gzip format)",
            r"tar: (?:Unexpected EOF|Error is not recoverable)",
            r"Error with archive [^\n]{1,200}(?:delete|download)",
            r"(?:End-of-central-directory signature not found|failed finding central directory)[^\n]{0,40}\.whl",
            r"Compressed file ended before",
        ),
        {"corrupt_install": 0.8},
        "zlib.error: Error -3 while decompressing data: invalid block type",
    ),
)

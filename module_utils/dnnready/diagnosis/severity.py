"""How serious the software itself calls a line: by the letters and words that loggers put before a message."""

from __future__ import annotations

import re

#: Letters of TensorFlow, glog, absl, ONNX Runtime and PyTorch: `I tensorflow/...cc:12]`, `[W NNPACK.cpp:80]`,
#: `[W908 14:03:21.3 NNPACK.cpp:61]`, `E1027 15:11:27.184 3266 cuda_dnn.cc:456]`, `[E:onnxruntime:, file.cc:1 Run]`.
_LETTER = re.compile(
    r"^\[?(?:\w{0,40}:? )?([DIWEF])(?::onnxruntime"
    r"|(?:\d{3,4})? (?:\d\d:\d\d:\d{2,10}\.\d+ +\d{0,10} ?)?[\w/.-]{1,200}\.(?:cc|cpp|h|cu):\d+)"
)
#: Words of Python's warnings and logging, libgomp, pip, and everyone else.
_WORD = re.compile(
    r"^[^\w\n]{0,4}(?:[\w./:-]{1,120}:\d{1,6}:? )?(?:\w{1,24}: )?\[?"
    r"(DEBUG|INFO|NOTE|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|[A-Z]\w{1,30}Warning)\b(?!:? ?\w+Error)",
    re.IGNORECASE,
)
_OPENMP = re.compile(r"^OMP: (Info|Warning|Hint|Error)")
_EXCEPTION = re.compile(r"^(?:E )?(?:[\w.]{1,80}\.)?\w{0,60}(?:Error|Exception|Exhausted|Interrupt)\b(?:\s\(|:|$)")
#: Python shows the line of the program that warns.
_SOURCE = re.compile(r"\s{0,12}(?:warnings|logging|logger|log)\.warn")
_OPENMP_WORDS = {"Info": "info", "Hint": "error", "Warning": "warning", "Error": "error"}
_LETTERS = {"D": "info", "I": "info", "W": "warning", "E": "error", "F": "fatal"}


def severity(line: str) -> str:
    """One of info, warning, error, fatal, or "" where the line does not say."""
    head = line[:400]
    letter, openmp = _LETTER.match(head), _OPENMP.match(head)
    if letter:
        return _LETTERS[letter.group(1)]
    if openmp:
        return _OPENMP_WORDS[openmp.group(1)]
    if _EXCEPTION.match(head):
        return "error"
    return "warning" if _SOURCE.match(head) else _by_word(head)


def _by_word(head: str) -> str:
    word = _WORD.match(head)
    name = word.group(1).lower() if word else ""
    if name.startswith("warn") or name.endswith("warning"):
        return "warning"
    return {"debug": "info", "note": "info", "notice": "info", "critical": "fatal"}.get(name, name)

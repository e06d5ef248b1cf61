"""What a package of Debian asks for."""

import pytest

from dnnready.diagnosis import debian
from dnnready.process import Completed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("libblas3 | libblas.so.3, libc6 (>= 2.36)", [["libblas3", "libblas.so.3"], ["libc6"]]),
        (", libstdc++6 (>= 12)", [["libstdc++6"]]),
        ("python3:any, libgomp1", [["python3"], ["libgomp1"]]),
        ("", []),
    ],
)
def test_wishes(text, expected):
    assert debian.wishes(text) == expected


def test_what_is_missing_and_what_is_provided_by_another(monkeypatch):
    show = ("--show", "--showformat")
    answers = {
        ("--search", "/usr/lib/numpy.so"): "python3-numpy:amd64: /usr/lib/numpy.so\n",
        (*show, "${Pre-Depends}, ${Depends}", "python3-numpy"): ", libblas3 | libblas.so.3, liblapack3",
        (*show, "${db:Status-Abbrev} ${Package}, ${Provides}\n"): (
            "ii  libopenblas0, libblas.so.3 (= 3), liblapack.so.3\nrc  liblapack3, \nun  other, \n"
        ),
    }

    def run(words, **_):
        return Completed(tuple(words), 0, None, False, answers.get(tuple(words[1:]), ""), "", 0.0, 0.0, 0)

    monkeypatch.setattr(debian, "run", run)
    assert debian.missing_dependencies("/lib/numpy.so") == ["liblapack3"]
    assert debian.missing_dependencies("/usr/lib/numpy.so") == ["liblapack3"]


def test_a_file_of_nobody(monkeypatch):
    monkeypatch.setattr(
        debian, "run", lambda words, **_: Completed(tuple(words), 1, None, False, "", "no path found", 0, 0, 0)
    )
    assert debian.missing_dependencies("/srv/x.so") == []

"""What the defaults of ansible.cfg are worth: python tests/bench/ansible_cfg.py --hosts 32 --repeat 3 [--only forks].

Each row is a run of site.yml that changes nothing, over real ssh (loopback.py), with one setting other than in
ansible.cfg; the rows run in turn, medians are printed. The last rows are other things that a run may do to each host.
The wall seconds are those of controller and hosts on the cores of one machine: with devices of their own, more forks
wait less. This machine must be provisioned (`make provision`). Needs root and openssh-server.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.fleet import KINDS, PING, machine, site
from tests.bench.loopback import BIN, ROOT, Loopback, Spent, hosts

_SSH = "-o ControlMaster=auto -o ControlPersist=300s"
#: What is called how in the table, and what differs from ansible.cfg.
SETTINGS: dict[str, Mapping[str, str]] = {
    "ansible.cfg as it is": {},
    "pipelining = false": {"ANSIBLE_PIPELINING": "false"},
    **{f"forks = {forks}": {"ANSIBLE_FORKS": str(forks)} for forks in (5, 10, 25, 50)},
    "no ControlPersist": {"ANSIBLE_SSH_ARGS": "-o ControlMaster=no"},
    "Ciphers=aes128-gcm@openssh.com": {"ANSIBLE_SSH_ARGS": f"{_SSH} -o Ciphers=aes128-gcm@openssh.com"},
    "Compression=yes": {"ANSIBLE_SSH_ARGS": f"{_SSH} -o Compression=yes"},
}
Run = Callable[[], Spent]


def kept(fleet: Loopback, number: int) -> Spent:
    """A run over the connections that the run before it left open."""
    fleet.run([*PING, *fleet.inventory(number)], {}, keep=True)
    return site(fleet, number, [], {})


def altered(directory: Path, name: str, value: str) -> dict[str, str]:
    """The environment for ansible.cfg with a setting of [defaults] that has no variable of its own."""
    text = (ROOT / "ansible.cfg").read_text(encoding="utf-8").replace("= ./", f"= {ROOT}/")
    file = directory / f"{name}.cfg"
    file.write_text(text.replace("[defaults]", f"[defaults]\n{name} = {value}"), encoding="utf-8")
    return {"ANSIBLE_CONFIG": str(file)}


def look(directory: Path, strategy: str) -> Path:
    """A playbook with the look of site.yml alone; site.yml itself plans its rings when all hosts were looked at."""
    parts = [(name, "definition.yml") for name in ("onednn", "mkl", "pytorch", "tensorflow")]
    tasks = [
        {"ansible.builtin.import_role": {"name": name, "tasks_from": file}}
        for name, file in (*parts, ("dnnready", "seen.yml"))
    ]
    path = directory / f"{strategy}.yml"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "strategy": strategy, "tasks": tasks}]))
    return path


def rows(fleet: Loopback, number: int, scratch: Path) -> dict[str, Run]:
    """What is measured, by name."""
    ansible = [str(BIN / "ansible"), "all", *fleet.inventory(number)]
    found: dict[str, Run] = {name: partial(site, fleet, number, [], given) for name, given in SETTINGS.items()}
    polling = altered(scratch, "internal_poll_interval", "0.01")
    found["internal_poll_interval = 0.01"] = partial(site, fleet, number, [], polling)
    for strategy in ("linear", "free"):
        book = [str(BIN / "ansible-playbook"), str(look(scratch, strategy)), *fleet.inventory(number)]
        found[f"the look alone, strategy = {strategy}"] = partial(fleet.run, book, {})
    found["connections kept from the run before"] = partial(kept, fleet, number)
    found["`ansible -m ping` alone"] = partial(fleet.run, [*ansible, "-m", "ansible.builtin.ping"], {})
    for subset in ("!all", "all"):
        setup = [*ansible, "-m", "ansible.builtin.setup", "-a", f"gather_subset={subset}"]
        found[f"`ansible -m setup -a gather_subset={subset}` alone"] = partial(fleet.run, setup, {})
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=32)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", default="", help="rows whose names contain this")
    options = parser.parse_args()
    with hosts(options.hosts) as fleet, tempfile.TemporaryDirectory() as scratch:
        site(fleet, 1, ["--check"], {})
        chosen = {name: run for name, run in rows(fleet, options.hosts, Path(scratch)).items() if options.only in name}
        taken: dict[str, list[Spent]] = {name: [] for name in chosen}
        for _ in range(options.repeat):
            for name, run in chosen.items():
                taken[name].append(run())
    on = machine()
    print(f"{options.hosts} hosts, ansible-core {on['ansible_core']}, {on['cores']} cores, medians of {options.repeat}")
    print("\n| setting | controller CPU s | device CPU s | wall s |\n|---|---|---|---|")
    for name, spent in taken.items():
        cells = " | ".join(f"{statistics.median(one.figures()[kind] for one in spent):.2f}" for kind in KINDS)
        print(f"| {name} | {cells} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

# The verbs of dnnready for people at a keyboard. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
# Arguments for ansible-playbook, for example ARGS='--check --diff'.
ARGS ?=
# host or user; by default host where this account is root or has sudo without a password.
SCOPE ?=

controller := .venv
testing := .venv-test
newest := .venv-newest
cache := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/dnnready
left_out := $(cache)/left-out

export PYTHONDONTWRITEBYTECODE = 1
export ANSIBLE_INJECT_FACT_VARS = false
export ANSIBLE_CONFIG = $(CURDIR)/ansible.cfg

.PHONY: help
help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environments ---------------------------------------------------------------------------

$(controller)/ready: requirements/controller.txt
	python=$$($(PYTHON) tools/find_python.py 3.11)
	"$$python" -m venv --clear $(controller)
	$(controller)/bin/python -m pip install --quiet --require-hashes -r requirements/controller.txt
	touch $@

$(testing)/ready: requirements/test.txt requirements/uv.txt
	python=$$($(PYTHON) tools/find_python.py 3.11)
	"$$python" -m venv --clear $(testing)
	$(testing)/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	$(testing)/bin/uv pip sync --quiet --python $(testing)/bin/python --require-hashes requirements/test.txt
	touch $@

# The newest ansible-core wants a newer Python than the oldest.
$(newest)/ready: requirements/test.txt $(testing)/ready
	python=$$($(PYTHON) tools/find_python.py 3.12)
	"$$python" -m venv --clear $(newest)
	$(testing)/bin/uv pip sync --quiet --python $(newest)/bin/python --require-hashes requirements/test.txt
	touch $@

.ONESHELL:

# --- provisioning ---------------------------------------------------------------------------

.PHONY: provision
provision: $(controller)/ready ## provision this machine and show the verdicts
	@scope="$(SCOPE)"
	if [ -z "$$scope" ]; then
	  if [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then scope=host; else
	    scope=user
	    echo "No root and no sudo without a password: installing for $$(id -un) alone."
	    echo "For every user of this machine: make provision SCOPE=host ARGS=-K"
	  fi
	fi
	$(controller)/bin/ansible-playbook site.yml -e dnnready_scope="$$scope" $(ARGS)

.PHONY: verify
verify: $(controller)/ready ## prove the stacks of this machine again
	@$(controller)/bin/ansible-playbook playbooks/verify.yml $(ARGS)

# --- tests ----------------------------------------------------------------------------------

# All faults are diagnosed in `make test`, these are healed too: each way of healing at least once. `make faults` heals all.
healed_in_tests := base_interpreter_gone build_interrupted debian_onednn_removed isa_lowered link_current_gone \
  older_libstdcxx_first omp_threads_garbage onednn_library_deleted onednn_switched_off protobuf_too_old \
  release_not_readable seccomp_refuses_clone3 unit_bad_variable unit_denies_executable_memory unit_user_cannot_read

# Two at a time where one mostly waits: for downloads, for one core.
.PHONY: test
test: $(testing)/ready ## everything: lint, unit, integration, molecule, faults
	@mkdir -p $(cache)
	rm -f $(left_out)
	$(MAKE) -j2 --output-sync=target lint $(if $(filter 0,$(shell id -u)),test-host)
	$(MAKE) -j2 --output-sync=target test-unit test-stacks
	$(MAKE) -j2 --output-sync=target test-integration test-containers
	$(MAKE) -j2 --output-sync=target faults-in-tests kill-in-tests
	if [ -s $(left_out) ]; then
	  echo; echo "Left out:"; sed 's/^/  /' $(left_out)
	  if [ "$${CI:-}" = true ]; then echo "CI runs everything or fails."; exit 1; fi
	fi

.PHONY: test-containers faults-in-tests kill-in-tests
test-containers: $(if $(filter 0,$(shell id -u)),fault-images)
	@$(MAKE) test-molecule
	$(MAKE) test-fleets

faults-in-tests:
	@$(MAKE) faults ARGS="--heal $(healed_in_tests)"

kill-in-tests:
	@$(MAKE) kill-test ARGS="--points 20 --jobs 1 --quiet"

.PHONY: lint
lint: $(testing)/ready ## ansible-lint (production), yamllint, ruff, mypy, drift checks
	@export PATH="$(CURDIR)/$(testing)/bin:$$PATH"
	ruff check .
	ruff format --check .
	mypy
	yamllint --strict .
	ansible-lint --offline --strict
	python tools/lock.py --check
	python tools/roles_reference.py --check
	python tools/environment_page.py --check
	python tools/causes_page.py --check
	antsibull-changelog lint

.PHONY: test-unit
test-unit: $(testing)/ready ## unit tests: seconds, no root, no network
	@$(testing)/bin/pytest -q tests/unit

# They are many hosts at once, and go beside the others.
of_fleets := $(addprefix tests/integration/,test_fleet.py test_fleet_faults.py test_pull.py)

.PHONY: test-integration
test-integration: $(testing)/ready test-stacks ## modules and playbooks for real on this machine
	@cores="$(CURDIR)/$(testing)/bin"
	if $(MAKE) -s $(newest)/ready; then cores="$$cores:$(CURDIR)/$(newest)/bin"
	else echo "ansible-core 2.21: needs Python 3.12 or newer on this machine" >> $(left_out); fi
	DNNREADY_TEST_ANSIBLE="$$cores" DNNREADY_TEST_PREFIX="$(cache)/test-host" $(testing)/bin/pytest -q tests/integration \
	  $(addprefix --ignore=,$(of_fleets))
	if [ "$$(id -u)" != 0 ]; then echo "integration tests marked root: need root" >> $(left_out); fi
	if ! command -v chromedriver > /dev/null; then echo "tests in a browser: need Chromium and chromedriver" >> $(left_out); fi

.PHONY: test-fleets
test-fleets: $(testing)/ready ## fleets of ssh hosts, rings, faults; devices that pull
	@$(testing)/bin/pytest -q $(of_fleets)

# The real frameworks for the integration tests, kept between runs: the second run finds nothing to do.
.PHONY: test-stacks
test-stacks: $(testing)/ready
	@mkdir -p $(cache)
	$(testing)/bin/ansible-playbook site.yml -i examples/edges/inventory.yml -e dnnready_scope=user \
	  -e dnnready_prefix="$(cache)/test-host" -e '{"dnnready_stacks": ["onednn", "mkl", "pytorch", "tensorflow", "edges"]}'

.PHONY: test-molecule
test-molecule: $(testing)/ready ## provisioning on clean images, in containers
	@if [ "$$(id -u)" != 0 ]; then
	  echo "molecule: the test hosts need root" >> $(left_out)
	else
	  export PATH="$(CURDIR)/$(testing)/bin:$$PATH"
	  $(MAKE) test-host
	  molecule test --all
	fi

.PHONY: test-host
test-host: $(testing)/ready ## prepare this machine for molecule: podman, images, wheels
	@$(testing)/bin/ansible-playbook playbooks/prepare_test_host.yml

.PHONY: faults
faults: $(testing)/ready ## inject real faults into containers, diagnose, heal: ARGS='--only PATTERN --report DIRECTORY'
	@if [ "$$(id -u)" != 0 ]; then
	  echo "faults: the containers need root" >> $(left_out)
	else
	  $(testing)/bin/python -m tests.faults.run $(ARGS)
	fi

.PHONY: kill-test
kill-test: $(testing)/ready ## kill -9 at 200 points of build, switch, rollback, prune, sync: ARGS='--only switch --points 40'
	@if [ "$$(id -u)" != 0 ]; then
	  echo "kill test: its namespaces and mounts need root" >> $(left_out)
	else
	  $(testing)/bin/python -m tests.faults.kill $(ARGS)
	fi

.PHONY: fault-images
fault-images: $(testing)/ready
	@$(testing)/bin/python -m tests.faults.image

.PHONY: bench
bench: $(testing)/ready ## what a run that changes nothing costs, beside ansible -m ping
	@$(testing)/bin/python tests/bench/no_change.py -- $(ARGS)

measured := $(cache)/bench-fleet

.PHONY: bench-fleet
bench-fleet: $(testing)/ready ## what fleets cost over ssh, measured on this machine, and simulated: ARGS='--hosts 1,8,32 --repeat 5'
	@mkdir -p $(measured)
	$(testing)/bin/python tests/bench/fleet.py --json $(measured)/fleet.json $(ARGS)
	echo; $(testing)/bin/python tests/bench/distribution.py --json $(measured)/distribution.json
	echo; $(testing)/bin/python tests/bench/rollout.py --json $(measured)/rollout.json
	echo; $(testing)/bin/python tests/bench/simulate.py --measured $(measured)

CASES ?= ../shared/corpus/cases
.PHONY: corpus
corpus: $(testing)/ready ## score the log explanation on labelled reports: CASES=directory
	@$(testing)/bin/python tools/corpus.py $(CASES)

# --- upkeep ---------------------------------------------------------------------------------

.PHONY: lock
lock: $(testing)/ready ## make the hash-locked sets again, for example ARGS='--set pytorch --python 3.11'
	@$(testing)/bin/python tools/lock.py $(ARGS)

.PHONY: docs
docs: $(testing)/ready ## write the generated pages again
	@$(testing)/bin/python tools/roles_reference.py
	$(testing)/bin/python tools/environment_page.py
	$(testing)/bin/python tools/causes_page.py

.PHONY: clean
clean: ## remove the environments of this checkout
	@rm -rf $(controller) $(testing) $(newest) .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Every target is one line; the work is done by scripts/.
.DEFAULT_GOAL := help
.PHONY: help install demo test check serve bench soak lock

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

install:  ## make .venv with the modelyard command
	@scripts/setup base

demo:  ## deploy five example models and run jobs on them
	@scripts/setup containers
	@.venv/bin/python -m examples.demo

test:  ## everything: style, types, imports and all tests, with real containers
	@scripts/setup test
	@scripts/check all

check:  ## the fast part of the tests, without containers
	@scripts/setup dev
	@scripts/check fast

serve:  ## start the server on the demo's data
	@scripts/setup containers
	@.venv/bin/python -m examples.demo.key var/demo
	@! test -f var/demo/admin-password || export MODELYARD_ADMIN_PASSWORD_FILE=var/demo/admin-password; \
	MODELYARD_ADMIN_API_KEY_FILE=var/demo/admin-key exec .venv/bin/modelyard serve --data-dir var/demo

bench:  ## measure against the plain tools, print ratios
	@scripts/setup test
	@.venv/bin/python -m benchmarks

soak:  ## kill, freeze, lock and fill up what a running server needs, for ten minutes; check that no item is lost
	@scripts/setup test
	@.venv/bin/python -m tests.faults.soak

lock:  ## renew requirements/*.txt from pyproject.toml
	@scripts/setup base
	@scripts/lock

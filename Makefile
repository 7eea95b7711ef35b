# make demo    sets up, builds, answers a question from the demonstration library, and opens the screen on it
# make test    sets up and runs every test
# make lint    sets up and checks formatting and lints
#
# Only the set-up and cargo's own downloads touch the network, and only for what is missing.

CARGO ?= cargo
PYTHON ?= python3
TARGET := $(or $(CARGO_TARGET_DIR),target)
DOCENT := $(TARGET)/release/docent
FIRST_QUESTION := import json; print(json.loads(open("fixtures/questions.jsonl", encoding="utf-8").readline())["question"])

.PHONY: demo test lint build setup

demo: build
	@$(DOCENT) --home $(TARGET)/demo --index fixtures/library
	@question="$$($(PYTHON) -c '$(FIRST_QUESTION)')" && echo "> $$question" && \
		$(DOCENT) --home $(TARGET)/demo --model none --ask "$$question"
	@if [ -t 0 ] && [ -t 1 ]; then $(DOCENT) --home $(TARGET)/demo; fi

test: setup
	$(CARGO) test --release --locked --workspace

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

build: setup
	$(CARGO) build --release --locked

setup:
	@$(PYTHON) -B engine/setup/prepare.py

# Overseer GitOps: `make` lists the commands.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help doctor install build compile generate yaml-vectors control-plane-binaries control-plane control-plane-stop demo test test-unit \
	test-behaviour check lint format soak bench image clean

export SEED MINUTES ONLY GREP REQUIRE WORKERS IMAGE NODE_IMAGE TOOLS_IMAGE
bin := node_modules/.bin
# What a command prints about binaries is of interest only where it was asked for.
demo test test-behaviour bench image: quietly := >/dev/null

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-24s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

doctor: ## Say what this machine lacks, and the remedy
	@sh tools/doctor.sh

install: node_modules/.installed ## Install the packages, if package-lock.json has changed

node_modules/.installed: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build: compile dist/main.js ## Compile to build/, bundle the product to dist/

compile: install
	@$(bin)/tsc -p .

# Only when something has changed (a folder has when a file of it was removed): an operator may be running from dist/.
dist/main.js: $(shell find src) tools/bundle.ts package-lock.json | compile
	@node build/tools/bundle.js >/dev/null

generate: compile ## Write the definitions and their pages from the schemas in src/api/
	@node build/tools/generate.js

yaml-vectors: compile ## Ask the YAML reader of kubectl anew how it reads the generated texts of the tests (needs Go)
	@node build/test/unit/manifest/generate-yaml-vectors.js

control-plane-binaries: build ## Download or build etcd, kube-apiserver and the like, once
	@node build/tools/binaries-cli.js $(quietly)

control-plane: build ## Start a Kubernetes control plane that keeps running; print its KUBECONFIG
	@node build/tools/control-plane-cli.js start

control-plane-stop: build ## End that control plane and remove its data
	@node build/tools/control-plane-cli.js stop

demo: doctor build ## See it work (ONCE=1: end after the steps; DEMO_KUBECONFIG=file: on your own cluster)
	@node build/tools/demo.js $(if $(ONCE),--once)

test: control-plane-binaries ## Run all tests (ONLY=path or folder, GREP=text, WORKERS=n, REQUIRE=all: a skip is a failure)
	@node build/tools/test-run.js

test-unit: build ## Run the tests that need no cluster
	@node build/tools/test-run.js unit

test-behaviour: control-plane-binaries ## Run the tests against a real control plane
	@node build/tools/test-run.js behaviour

check: compile lint ## Check types, format, the rules of the house, and the unit tests of what differs from BASE (defaults to main)
	@$(MAKE) --no-print-directory test-unit ONLY="$$(node build/tools/changed-tests.js $(BASE))"

lint: install ## Check format and code with biome
	@$(bin)/biome check

format: install ## Mend what biome can mend
	@$(bin)/biome check --write

soak: control-plane-binaries ## Walk at random and compare live with Git in the end (SEED=1 MINUTES=3)
	@node build/test/soak/soak.js

bench: control-plane-binaries ## Measure against the budgets (ARGS=… are passed on)
	@node build/bench/run.js $(ARGS)

image: control-plane-binaries ## Build the container image (IMAGE=name, NODE_IMAGE=base, TOOLS_IMAGE=kubectl and helm)
	@sh tools/image.sh

clean: ## Remove build/, dist/ and coverage/; packages and binaries stay
	@rm -rf build dist coverage

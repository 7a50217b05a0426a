# Overseer GitOps: `make` shows the available commands.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help doctor install build compile generate yaml-vectors control-plane-binaries test-binaries control-plane control-plane-stop demo dev test test-unit \
	test-behaviour test-argocd check lint format soak reliability bench image site sbom provenance package-cli clean

export SEED MINUTES ONLY GREP REQUIRE WORKERS RETRIES IMAGE NODE_IMAGE TOOLS_IMAGE PLATFORM
bin := node_modules/.bin
# Print the paths of binaries only for control-plane-binaries itself.
demo dev test test-behaviour bench image: quietly := >/dev/null

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-24s%s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

doctor: ## Check the prerequisites on this machine
	@sh tools/doctor.sh

install: node_modules/.installed ## Install npm packages if package-lock.json has changed

node_modules/.installed: package-lock.json
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build: compile dist/main.js ## Compile to build/ and bundle to dist/

compile: install
	@$(bin)/tsc -p .
	@$(bin)/tsc -p ui

# The web UI, bundled; dist/ui is a copy.
build/web/index.html: $(shell find ui) tools/bundle-ui.ts package-lock.json | compile
	@node build/tools/bundle-ui.js

# Rebuild only after changes, since an operator may be running from dist/. `find` also lists directories, which change when a file is removed.
dist/main.js: $(shell find src) tools/bundle.ts package-lock.json build/web/index.html | compile
	@node build/tools/bundle.js >/dev/null

generate: compile ## Generate CRDs and reference pages from the schemas in src/api/, and deploy/ from the chart
	@node build/tools/generate.js
	@node build/tools/deploy-manifests.js

yaml-vectors: compile ## Regenerate the YAML test vectors with the parser of kubectl (needs Go)
	@node build/test/unit/manifest/generate-yaml-vectors.js

control-plane-binaries: build ## Download or build etcd, kube-apiserver and other binaries, once
	@node build/tools/binaries-cli.js $(quietly)

test-binaries: control-plane-binaries ## Download or build what the tests need besides: a registry and Gitea, once
	@node build/tools/binaries-cli.js tests $(quietly)

control-plane: build ## Start a persistent Kubernetes control plane and print its KUBECONFIG
	@node build/tools/control-plane-cli.js start

control-plane-stop: build ## Stop this control plane and delete its data
	@node build/tools/control-plane-cli.js stop

demo: doctor build ## Run the demo (ONCE=1: exit after the steps; SIMULATED=1: start no containers; DEMO_KUBECONFIG=file: use your own cluster)
	@node build/tools/demo.js $(if $(ONCE),--once) $(if $(SIMULATED),--simulated)

dev: control-plane-binaries ## Run the operator on a control plane that stays; rebuild and restart it when src/ changes (ARGS=flags)
	@node build/tools/dev.js $(ARGS)

test: test-binaries ## Run all tests (ONLY=files or directories, GREP=text, WORKERS=n, RETRIES=n, REQUIRE=all: fail on skipped tests)
	@node build/tools/test-run.js

test-argocd: build ## Build the controllers of Argo CD, once, about 7 minutes, and run the take-over beside them
	@node build/tools/binaries-cli.js argocd >/dev/null
	@$(MAKE) --no-print-directory test-behaviour ONLY=test/behaviour/migration/take-over.test.ts GREP="Argo CD's own"

test-unit: build ## Run the tests that need no cluster
	@node build/tools/test-run.js unit

test-behaviour: test-binaries ## Run the tests against a real control plane
	@node build/tools/test-run.js behaviour

check: compile lint ## Check types, format and house rules; run the unit tests affected since BASE (default: main)
	@$(MAKE) --no-print-directory test-unit ONLY="$$(node build/tools/changed-tests.js $(BASE))"

lint: install ## Lint and check the format with Biome
	@$(bin)/biome check

format: install ## Fix lint and format problems with Biome
	@$(bin)/biome check --write

soak: control-plane-binaries ## Run random operations, then compare the live state with Git (SEED=1 MINUTES=3)
	@node build/test/soak/soak.js

reliability: compile ## Feed hostile inputs to all readers, and faults to the reconciler in memory (ARGS='--inputs 100000 --faults 10000 --seed 1')
	@node build/test/reliability/reliability.js $(ARGS)

bench: control-plane-binaries ## Run the benchmarks against their budgets (ARGS=…)
	@node build/bench/run.js $(ARGS)

image: control-plane-binaries ## Build the container image (IMAGE=name, NODE_IMAGE=base image, TOOLS_IMAGE=image with kubectl and helm, PLATFORM=linux/arm64)
	@sh tools/image.sh

site: compile ## Build the documentation as a static site in build/site, and check its links
	@node build/tools/site/build-site.js

sbom: compile ## Write the software bill of materials of the packages (CycloneDX) to build/sbom.cdx.json
	@node build/tools/sbom.js

provenance: compile ## Sign the files of a release, and write SLSA provenance for them (ARGS='--key FILE FILE…')
	@node build/tools/release/sign-release.js $(ARGS)

package-cli: compile ## Write the npm package of the command line to build/cli (ARGS=--executable: also a single executable)
	@node build/tools/package-cli.js $(ARGS)

clean: ## Remove build/, dist/ and coverage/, but not packages and binaries
	@rm -rf build dist coverage

# SPDX-License-Identifier: Apache-2.0
# What people do with this repository; `make` alone lists it.

SHELL := bash
CONFIGURATION ?= Release
DOTNET := dotnet
ARTIFACTS := artifacts

.DEFAULT_GOAL := help
.PHONY: help sandbox build kube-assets prometheus test format publish bench simulate crd calm-diagrams docs clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

sandbox: ## Watch ScheduledMachines live: a working day in about a minute, no cluster needed
	@echo 'Building the sandbox: about a minute the first time.'
	@$(DOTNET) build src/FiveSpot.Sandbox -c $(CONFIGURATION) -v q --nologo -clp:ErrorsOnly
	@$(DOTNET) src/FiveSpot.Sandbox/bin/$(CONFIGURATION)/net10.0/5spot-sandbox.dll $(ARGS)

build: ## Build everything; a warning is an error
	$(DOTNET) build 5spot.slnx -c $(CONFIGURATION) --nologo -v q -clp:Summary

kube-assets: ## Build a real kube-apiserver for the tests (once, five minutes; Debian 12, or set KUBEBUILDER_ASSETS)
	@eng/kube-assets.sh

prometheus: ## Fetch Prometheus for the tests (once, seconds; Debian, or set PROMETHEUS_ASSETS)
	@eng/prometheus.sh

test: ## Run every test, on the embedded API server and on a real one
	@eng/test.sh $(CONFIGURATION)

format: ## Put the code in the house style
	$(DOTNET) format 5spot.slnx

publish: ## Make the native executables in artifacts/, and what they are made of in artifacts/sbom/
	@eng/publish.sh $(ARTIFACTS)

bench: ## Measure: schedules, 1,000 openings at one instant, 50 drains, the native executables, the reclaim agent, taking over, workload clusters that lie
	@eng/bench.sh $(ARGS)

simulate: ## Live simulated weeks in seconds, with all that goes wrong in them; ARGS="--seed N --trace" shows one
	@$(DOTNET) build tests/FiveSpot.DeterministicSimulation -c $(CONFIGURATION) -v q --nologo -clp:ErrorsOnly
	@$(DOTNET) tests/FiveSpot.DeterministicSimulation/bin/$(CONFIGURATION)/net10.0/5spot-simulate.dll $(ARGS)

crd: ## Write deploy/crds anew from the types
	FIVESPOT_UPDATE=1 $(DOTNET) run --project tests/FiveSpot.Api.Tests -v q

calm-diagrams: ## Render docs/architecture from architecture.json and its templates
	FIVESPOT_UPDATE=1 $(DOTNET) run --project tests/FiveSpot.Docs.Tests -c $(CONFIGURATION) -v q -- --filter-class "*DiagramTests"

docs: ## Render all that is generated in docs: the reference from the code, and the architecture
	FIVESPOT_UPDATE=1 $(DOTNET) run --project tests/FiveSpot.Docs.Tests -c $(CONFIGURATION) -v q -- --filter-class "*ReferenceTests" --filter-class "*DiagramTests"

clean: ## Remove what was built
	rm -rf $(ARTIFACTS) src/*/bin src/*/obj tests/*/bin tests/*/obj benchmarks/*/bin benchmarks/*/obj

.DEFAULT_GOAL := help
.PHONY: help build test e2e e2e-browser e2e-express fuzz budget bench soak scale demo demo-breaker oci lint clean

help: ## this list
	@sed -n 's/^\([a-z][a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 13

build: ## the modules: dist/*.wasm
	@scripts/build-wasm

test: ## everything: the rules natively, the scenarios in wasmtime and in Envoy, CORS in a browser
	@scripts/test

e2e: ## the scenarios in real Envoy only
	@scripts/test -p test-harness --test envoy

e2e-browser: ## CORS in a real browser (headless Chromium)
	@scripts/e2e-browser

e2e-express: ## the example of an Express gateway under its tests, in jest (needs npm)
	@scripts/e2e-express

fuzz: ## what reads bytes from outside, in auth and rate-limit, under random ones, 10 minutes each (FUZZ_SECONDS=60; ONLY="token jwks")
	@scripts/fuzz

budget: ## what one request costs in each module (fuel, host calls, memory) against the baseline; BLESS=1 renews it
	@scripts/budget

bench: ## what one request costs in real Envoy, against no filter and Envoy's own (QUICK=1: roughly; ONLY="cors jwt"; SVG=1 renews the chart)
	@scripts/bench

soak: ## the gateway in real Envoy under a thousand clients of all kinds: no trap, nothing unexplained, no growth (SECONDS=600)
	@scripts/soak

scale: ## how cost, start-up and memory grow with rules, API keys, limits and breakers, in real Envoy (ONLY="keys")
	@scripts/scale

demo: ## a gateway in Envoy with example services, and a tour of requests (ONCE=1: no waiting)
	@scripts/demo

demo-breaker: ## a circuit breaker over half a minute of an upstream's troubles, as a timeline (SVG=1 draws it anew)
	@scripts/demo-breaker

oci: build ## each module as an OCI image and artifact with its bill of materials: dist/oci/, dist/SHA256SUMS
	@scripts/oci

lint: ## format, clippy, shellcheck, length of files
	@scripts/lint

clean: ## remove target/, fuzz/target/ and dist/
	rm -rf target fuzz/target dist

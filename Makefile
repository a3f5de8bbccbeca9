.DEFAULT_GOAL := help
.PHONY: help build clean

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

build: ## the modules: dist/*.wasm
	@scripts/build-wasm

clean: ## remove target/ and dist/
	rm -rf target dist

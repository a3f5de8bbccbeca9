# shellcheck shell=bash
# Sourced by scripts/toolchain: Binaryen's wasm-opt, from its npm package. It makes modules smaller;
# nothing else depends on it.

BINARYEN_VERSION=132.0.0

ready_wasm_opt() {
    local bin=$TOOLS/wasm-opt prefix=$TOOLS/binaryen-$BINARYEN_VERSION
    if [[ ${WASM_OPT:-auto} == off ]]; then
        rm -f "$bin"
        say "wasm-opt: off by WASM_OPT, modules are built without it"
        return
    fi
    if [[ ! -x $prefix/node_modules/.bin/wasm-opt ]]; then
        if ! have npm; then
            rm -f "$bin"
            say "wasm-opt: npm is not installed, modules are built without it (larger, not different)"
            return
        fi
        say "wasm-opt: npm install binaryen@$BINARYEN_VERSION"
        if ! quietly npm install --no-save --no-audit --no-fund --prefix "$prefix" "binaryen@$BINARYEN_VERSION"; then
            rm -rf "$bin" "$prefix"
            say "wasm-opt: could not be installed, modules are built without it (larger, not different)"
            return
        fi
    fi
    ln -sfn "binaryen-$BINARYEN_VERSION/node_modules/.bin/wasm-opt" "$bin"
    say "wasm-opt: Binaryen $BINARYEN_VERSION"
}

# shellcheck shell=bash
# Sourced by scripts/toolchain: the linters that rustup does not bring. Without them `make lint`
# leaves their checks out and says so.

ready_packages() {
    if ! have shellcheck && ! deb_install shellcheck; then
        say "packages: shellcheck cannot be installed here, scripts are not checked"
    fi
    if [[ $(cat "$WASM_STAMP" 2>/dev/null) == debian ]] && ! deb_install rust-web-clippy; then
        say "packages: rust-web-clippy cannot be installed here, wasm32 code is not linted"
    fi
    say "packages: ready"
}

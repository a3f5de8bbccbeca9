# shellcheck shell=bash
# Sourced by scripts/toolchain: a Rust toolchain for wasm32-wasip1.
# Two ways: the target of rustup, or Debian's Rust, which brings the source of std and builds it.

WASM_STAMP=$TOOLS/wasm-toolchain # holds the way chosen: rustup or debian
RUSTUP_TIMEOUT=${RUSTUP_TIMEOUT:-120}
DEBIAN_WASM_PACKAGES=(rustc-web cargo-web rust-web-src wasi-libc lld-22)

ready_wasm() {
    local way=${WASM_TOOLCHAIN:-auto}
    have cargo || fail "cargo is not installed" "install Rust: https://rustup.rs"
    case $way in
        auto) choose_wasm_way && way=$CHOSEN ;;
        rustup) rustup_wasm || fail "rustup cannot add the target wasm32-wasip1" \
            "see the lines above, or use WASM_TOOLCHAIN=debian on Debian" ;;
        debian) debian_wasm || fail "Debian's Rust for WebAssembly cannot be installed" \
            "as root: apt-get update && apt-get install ${DEBIAN_WASM_PACKAGES[*]}" ;;
        *) fail "WASM_TOOLCHAIN is \`$way\`" "one of: auto rustup debian" ;;
    esac
    echo "$way" | write_file "$WASM_STAMP"
    say "wasm: $(describe_wasm "$way")"
}

# An installed target first; then the way that worked last time, so that a failing rustup is not
# asked again; then rustup; then Debian.
choose_wasm_way() {
    local last=
    [[ ! -f $WASM_STAMP ]] || last=$(<"$WASM_STAMP")
    if wasm_std_installed; then
        CHOSEN=rustup
    elif [[ $last == debian ]] && debian_wasm; then
        CHOSEN=debian
    elif rustup_wasm; then
        CHOSEN=rustup
    elif say "wasm: not from rustup, trying Debian's Rust" && debian_wasm; then
        CHOSEN=debian
    else
        fail "no Rust toolchain for wasm32-wasip1" \
            "rustup target add wasm32-wasip1; or as root on Debian: apt-get install ${DEBIAN_WASM_PACKAGES[*]}"
    fi
}

# Does the active rustc bring a compiled std for the target? (rustup's, or a distribution's.)
wasm_std_installed() {
    compgen -G "$(rustc --print target-libdir --target wasm32-wasip1)/libstd-*.rlib" >/dev/null
}

rustup_wasm() {
    wasm_std_installed && return 0
    have rustup || return 1
    say "wasm: rustup target add wasm32-wasip1"
    RUST_BACKTRACE=0 quietly timeout "$RUSTUP_TIMEOUT" rustup target add wasm32-wasip1 && wasm_std_installed
}

debian_wasm() { deb_install "${DEBIAN_WASM_PACKAGES[@]}"; }

describe_wasm() {
    case $1 in
        rustup) printf '%s with its own target wasm32-wasip1' "$(rustc --version)" ;;
        debian) printf '%s of Debian, std from source' "$(/usr/bin/rustc --version)" ;;
    esac
}

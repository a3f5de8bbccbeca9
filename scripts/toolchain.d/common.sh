# shellcheck shell=bash
# Sourced by scripts/toolchain: how its parts speak, and how they install.

TOOLS=target/tools

say() { printf 'toolchain: %s\n' "$*"; }

warn() { printf 'toolchain: %s\n' "$*" >&2; }

# fail WHAT REMEDY
fail() {
    printf 'toolchain: error: %s\n  remedy: %s\n' "$1" "$2" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Runs a command quietly; shows what it printed only when it fails.
quietly() {
    local log rc=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || rc=$?
    ((rc == 0)) || tail -n 20 "$log" >&2
    rm -f "$log"
    return "$rc"
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

deb_installed() {
    [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == "install ok installed" ]]
}

# deb_install PACKAGE...: answers 1 when the packages cannot be had; what is installed costs no apt-get.
deb_install() {
    local package missing=()
    have dpkg-query && have apt-get || return 1
    for package in "$@"; do
        deb_installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0
    if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
        warn "needs root for: apt-get install ${missing[*]}"
        return 1
    fi
    say "installing Debian packages: ${missing[*]}"
    quietly as_root apt-get update || warn "apt-get update failed, going on with the package lists as they are"
    quietly as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

# Replaces a file in one step, so that a reader never sees half of it. Content on standard input.
write_file() {
    cat >"$1.$$" && mv -f "$1.$$" "$1"
}

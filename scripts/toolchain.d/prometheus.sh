# shellcheck shell=bash
# Sourced by scripts/toolchain: promtool, for the test of docs/alerts.yaml. The service that Debian's package brings along is
# not used.

ready_prometheus() {
    if ! have promtool && ! deb_install prometheus; then
        say "prometheus: no promtool, and it cannot be installed here; its test is reported as skipped"
        return
    fi
    say "prometheus: $(promtool --version 2>&1 | grep -o 'version [^ ]*' | head -1)"
}

# shellcheck shell=bash
# Sourced by scripts/toolchain: Redis, for the tests of limits that several proxies share. They start
# one of their own; the service that Debian's package brings along is not used.

ready_redis() {
    if ! have redis-server && ! deb_install redis-server; then
        say "redis: no redis-server, and it cannot be installed here; its tests are reported as skipped"
        return
    fi
    say "redis: $(redis-server --version | grep -o 'v=[^ ]*')"
}

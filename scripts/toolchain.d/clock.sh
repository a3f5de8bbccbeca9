# shellcheck shell=bash
# Sourced by scripts/toolchain: the preload library that moves Envoy's wall clock.

ready_clock() {
    local source=scripts/clock/wallclock.c library=$TOOLS/libwallclock.so
    if [[ $(uname -s) != Linux ]]; then
        say "clock: works on Linux only; scenarios that move Envoy's clock are reported as skipped"
        return
    fi
    if [[ ! -f $library || $source -nt $library ]]; then
        if ! have cc && ! deb_install gcc libc6-dev; then
            say "clock: no C compiler; scenarios that move Envoy's clock are reported as skipped"
            return
        fi
        say "clock: cc $source"
        quietly cc -std=c11 -O2 -Wall -Wextra -Werror -shared -fPIC -o "$library.$$" "$source" ||
            fail "$source does not compile" "see the lines above"
        mv -f "$library.$$" "$library"
    fi
    say "clock: $library"
}

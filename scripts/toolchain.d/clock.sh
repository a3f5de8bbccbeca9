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
        if ! clock_moves "$library.$$"; then
            rm -f "$library.$$"
            say "clock: has no effect here; scenarios that move Envoy's clock are reported as skipped"
            return
        fi
        mv -f "$library.$$" "$library"
    fi
    say "clock: $library"
}

# Does the library move the clock of another program? Tried with an offset of 2^40 ns, 18 minutes.
clock_moves() {
    local offset real moved
    offset=$(mktemp)
    printf '\0\0\0\0\0\1\0\0' >"$offset" # little-endian, like every machine Envoy runs on
    real=$(date +%s)
    moved=$(env LD_PRELOAD="$PWD/$1" SLUICEGATE_WALLCLOCK="$offset" date +%s)
    rm -f "$offset"
    ((moved - real >= 1099 && moved - real < 1160))
}

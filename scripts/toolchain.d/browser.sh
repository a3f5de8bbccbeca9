# shellcheck shell=bash
# Sourced by scripts/toolchain: headless Chromium and its WebDriver server, for scripts/e2e-browser.
# No part of `all`: it is large, and only that test needs it.

ready_browser() {
    local packages=(chromium chromium-driver)
    local remedy="as root on Debian: apt-get update && apt-get install ${packages[*]}"
    if ! have chromium || ! have chromedriver; then
        have apt-get || fail "chromium and chromedriver are not installed, and there is no apt-get" "$remedy"
        deb_install "${packages[@]}" ||
            fail "chromium and chromedriver are not installed, and apt-get cannot install them" "$remedy"
    fi
    # Debian's wrapper complains about graphics cards.
    say "browser: $(chromium --version 2>/dev/null)"
}

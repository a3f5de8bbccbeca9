# shellcheck shell=bash
# Sourced by scripts/toolchain: headless Chromium and its WebDriver server, for scripts/e2e-browser.
# No part of `all`: it is large, and only that test needs it.

ready_browser() {
    local packages=(chromium chromium-driver)
    if ! have chromium || ! have chromedriver; then
        deb_install "${packages[@]}" || fail "Chromium and chromedriver are not here and cannot be installed" \
            "as root on Debian: apt-get update && apt-get install ${packages[*]}"
    fi
    # Debian's wrapper complains about graphics cards.
    say "browser: $(chromium --version 2>/dev/null)"
}

# shellcheck shell=bash
# Sourced by scripts/toolchain: a registry and a client, for scripts/oci-test. The service that Debian's
# package of the registry brings along is not used.

ready_oci() {
    if { ! have docker-registry || ! have skopeo; } && ! deb_install docker-registry skopeo; then
        say "oci: no docker-registry and skopeo, and they cannot be installed here; the test of images is skipped"
        return
    fi
    say "oci: $(skopeo --version)"
}

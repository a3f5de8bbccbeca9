# shellcheck shell=bash
# Sourced by scripts/toolchain: the schemas of Istio, Envoy Gateway and Kubernetes, from npm packages, at
# target/tools/manifests. The versions stand in scripts/manifests.d/package.json.

ready_manifests() {
    local wanted=scripts/manifests.d folder=$TOOLS/manifests
    if ! have npm; then
        say "manifests: npm is not installed; the check of manifests against schemas is reported as skipped"
        return
    fi
    if ! cmp -s "$wanted/package-lock.json" "$folder/installed"; then
        rm -rf "$folder"
        mkdir -p "$folder"
        cp "$wanted"/package*.json "$folder"
        say "manifests: npm ci, the packages of $wanted/package.json"
        if ! quietly npm ci --no-audit --no-fund --prefix "$(cd "$folder" && pwd -P)"; then
            rm -rf "$folder"
            say "manifests: the packages cannot be installed; the check against schemas is reported as skipped"
            return
        fi
        cp "$wanted/package-lock.json" "$folder/installed"
    fi
    say "manifests: Istio's and Envoy Gateway's schemas"
}

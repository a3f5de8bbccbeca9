"""The two forms in which Istio and Envoy Gateway take a module from a registry.

An image, as `docker build` makes one of a module: its last layer is an archive with `plugin.wasm`.
An artifact: the module is a layer as it is, and the bill of materials is the other of two.
https://github.com/solo-io/wasm/tree/master/spec
"""

import gzip
import hashlib
import io
import tarfile

from layout import Layout, to_json

IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
IMAGE_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
WASM_CONFIG = "application/vnd.module.wasm.config.v1+json"
WASM_LAYER = "application/vnd.module.wasm.content.layer.v1+wasm"
SBOM_LAYER = "application/vnd.cyclonedx+json"


def archive(files):
    """A tar archive of (name, content): no times, no owners, so that it depends on them alone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def add_image(layout: Layout, tag, wasm, licence, annotations):
    files = archive([("LICENSE", licence), ("plugin.wasm", wasm)])
    config = {
        "architecture": "wasm",
        "os": "wasip1",
        "config": {"Labels": annotations},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(files).hexdigest()}"]},
    }
    layer = layout.add_blob(IMAGE_LAYER, gzip.compress(files, compresslevel=9, mtime=0))
    return layout.add_manifest(tag, layout.add_blob(IMAGE_CONFIG, to_json(config)), [layer], annotations)


def add_artifact(layout: Layout, tag, wasm, sbom, annotations):
    title = "org.opencontainers.image.title"
    layers = [
        layout.add_blob(WASM_LAYER, wasm, {title: "plugin.wasm"}),
        layout.add_blob(SBOM_LAYER, sbom, {title: "sbom.cdx.json"}),
    ]
    return layout.add_manifest(tag, layout.add_blob(WASM_CONFIG, to_json({})), layers, annotations)

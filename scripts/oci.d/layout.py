"""An OCI image layout: a folder of blobs named by their digests, and an index of manifests.

https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md
"""

import hashlib
import json
from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def to_json(value):
    """The one spelling of a value: the same value has the same digest."""
    return (json.dumps(value, sort_keys=True, indent=2) + "\n").encode()


class Layout:
    """Written by `save`; a blob is a file from the moment it is added."""

    def __init__(self, folder: Path):
        self.blobs = folder / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)
        self.folder = folder
        self.manifests = []

    def add_blob(self, media_type, content, annotations=None):
        """The descriptor of the blob."""
        digest = hashlib.sha256(content).hexdigest()
        (self.blobs / digest).write_bytes(content)
        descriptor = {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}
        return descriptor | ({"annotations": annotations} if annotations else {})

    def add_manifest(self, tag, config, layers, annotations):
        """The digest of the manifest, which is what deployments pin."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": layers,
            "annotations": annotations,
        }
        descriptor = self.add_blob(MANIFEST, to_json(manifest))
        reference = {"org.opencontainers.image.ref.name": tag}
        self.manifests.append(descriptor | {"annotations": reference})
        return descriptor["digest"]

    def save(self):
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": self.manifests,
        }
        (self.folder / "index.json").write_bytes(to_json(index))
        (self.folder / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))

"""A registry on a free port of this machine, and how a proxy takes a module from it."""

import contextlib
import gzip
import hashlib
import io
import json
import re
import subprocess
import tarfile
import threading
import urllib.request

# Written out once more: what Istio's agent looks for, not what we happen to write.
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
WASM_LAYER = "application/vnd.module.wasm.content.layer.v1+wasm"

CONFIG = """
version: 0.1
log: {formatter: json}
storage:
  filesystem: {rootdirectory: %s}
  delete: {enabled: true}
http: {addr: 127.0.0.1:0}
"""


@contextlib.contextmanager
def serve(folder):
    """The address of a registry with its data in the folder."""
    config = folder / "registry.yml"
    config.write_text(CONFIG % json.dumps(str(folder / "data")))
    process = subprocess.Popen(["docker-registry", "serve", config], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        listens = address(process)
        # A full pipe would stop it.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield listens
    finally:
        process.terminate()
        process.wait()


def address(process):
    """Where it listens, which its log says."""
    said = []
    for line in process.stderr:
        said.append(line)
        if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
            return found[1]
    raise RuntimeError("the registry did not start:\n" + "".join(said))


def get(registry, path):
    request = urllib.request.Request(f"http://{registry}/v2/{path}", headers={"accept": MANIFEST})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def pull(registry, repository, tag):
    """(digest of the manifest, module), by the rules of Istio's agent, which are Envoy Gateway's as well."""
    text = get(registry, f"{repository}/manifests/{tag}")
    layers = json.loads(text)["layers"]
    read = image_module if layers[-1]["mediaType"] == IMAGE_LAYER else artifact_module
    return f"sha256:{hashlib.sha256(text).hexdigest()}", read(
        layers, lambda layer: get(registry, f"{repository}/blobs/{layer['digest']}"))


def image_module(layers, blob):
    """The file plugin.wasm of the last layer."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(blob(layers[-1])))) as tar:
        return tar.extractfile("plugin.wasm").read()


def artifact_module(layers, blob):
    """The one layer of a module among exactly two."""
    [module] = [layer for layer in layers if layer["mediaType"] == WASM_LAYER]
    if len(layers) != 2:
        raise ValueError(f"{len(layers)} layers, Istio takes 2")
    return blob(module)

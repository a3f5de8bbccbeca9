"""What a module is made of, as CycloneDX JSON: https://cyclonedx.org/docs/1.5/json/

By `cargo tree` of the plugin for its target, which unifies no features with those of other crates
and leaves out what only builds: procedural macros, build scripts, tests.
"""

import re
import subprocess
import uuid
from pathlib import Path

TARGET = "wasm32-wasip1"
# Of the project's own modules; names nothing but them.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "sluicegate")


def tree(root: Path, plugin):
    """(depth, name, version, license, repository) of each crate, in the order of a walk."""
    command = ["cargo", "tree", "--locked", "-p", plugin, "--target", TARGET, "-e", "normal,no-proc-macro"]
    command += ["--prefix", "depth", "-f", " {p}|{l}|{r}|"]
    lines = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in filter(None, lines.splitlines()):
        depth, rest = line.split(" ", 1)
        package, licence, repository, _ = rest.split("|")
        name, version = package.split(" ")[:2]
        yield int(depth), name, version.removeprefix("v"), licence.replace("/", " OR "), repository


def checksums(root: Path):
    """The registry's SHA-256 of each crate, by name and version; own crates have none."""
    packages = (root / "Cargo.lock").read_text().split("[[package]]")
    told = [dict(re.findall(r'^(\w+) = "(.*)"$', package, re.MULTILINE)) for package in packages]
    return {(it["name"], it["version"]): it["checksum"] for it in told if "checksum" in it}


def component(name, version, licence, repository, checksum):
    purl = f"pkg:cargo/{name}@{version}"
    told = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if licence:
        told["licenses"] = [{"expression": licence}]
    if checksum:
        told["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    if repository:
        told["externalReferences"] = [{"type": "vcs", "url": repository}]
    return told


def compiler(toolchain):
    """rustc by its version: its standard library is part of the module."""
    name, version = toolchain.split(" ")[:2]
    tool = {"type": "application", "bom-ref": f"{name}@{version}", "name": name, "version": version}
    return tool | {"description": toolchain}


def bill_of_materials(root: Path, plugin, module, toolchain):
    """`module` is the component that the bill is for, `toolchain` what it says beside it in dist/."""
    known, components, needs, path = checksums(root), {}, {}, []
    for depth, name, version, licence, repository in tree(root, plugin):
        told = component(name, version, licence, repository, known.get((name, version)))
        ref = module["bom-ref"] if depth == 0 else told["bom-ref"]
        needs.setdefault(ref, set())
        if depth > 0:
            components[ref] = told
            needs[path[depth - 1]].add(ref)
        path[depth:] = [ref]
    tool = compiler(toolchain)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, module['hashes'][0]['content'])}",
        "version": 1,
        "metadata": {"component": module, "tools": {"components": [tool]}},
        "components": [components[ref] for ref in sorted(components)],
        "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)],
    }

"""Envoy's bootstrap: listeners that differ in their filters alone."""

import json

from variants import CHECK_HOST

TYPE = "type.googleapis.com/envoy.extensions.filters"
MISSING = "missing"
UPSTREAM = "upstream"


def bootstrap(variants, modules, upstream):
    """`modules`: the folder of the .wasm files. `upstream`: the port that an upstream listens on."""
    return {
        "admin": {"address": address()},
        "static_resources": {
            "listeners": [listener(each, modules) for each in variants],
            "clusters": [{"name": UPSTREAM, "load_assignment": {"cluster_name": UPSTREAM, "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": address(upstream)}}]}]}}],
        },
    }


def address(port=0):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(variant, modules):
    manager = {
        "@type": f"{TYPE}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bench",
        # As in envoy/*.yaml.
        "use_remote_address": True,
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "http_filters": [http_filter(part, variant, modules) for part in variant.chain] + [router()],
        "route_config": {"name": "bench", "validate_clusters": False, "virtual_hosts": virtual_hosts(variant)},
    }
    return {
        "name": variant.name,
        "address": address(),
        "filter_chains": [{"filters": [{
            "name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
    }


def router():
    return {"name": "envoy.filters.http.router", "typed_config": {"@type": f"{TYPE}.http.router.v3.Router"}}


def http_filter(part, variant, modules):
    if "native" in part:
        return {"name": part["native"], "typed_config": part["config"]}
    return {
        "name": f"sluicegate.{part['wasm']}",
        "typed_config": {
            "@type": f"{TYPE}.http.wasm.v3.Wasm",
            "config": {
                "name": part["wasm"],
                "failure_policy": "FAIL_RELOAD",
                "vm_config": {
                    # A VM of its own: what another variant keeps in memory is nothing to this one.
                    "vm_id": variant.name,
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": str(modules / f"{part['wasm']}.wasm")}},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": json.dumps(part["config"]),
                },
            },
        },
    }


def virtual_hosts(variant):
    """One for the requests that are timed, one whose answers tell what an upstream would have got.

    The route leads to a cluster that does not exist: the router answers, after all filters, and all
    filters see the answer. Native cors leaves a direct response alone. Of variants with `has_upstream`
    the route leads to the upstream.
    """
    per_route = {part["native"]: part["per_route"] for part in variant.chain if "per_route" in part}
    route = {"match": {"prefix": "/"}, "route": {
        "cluster": UPSTREAM if variant.has_upstream else MISSING, "cluster_not_found_response_code": "NOT_FOUND"}}
    common = {"routes": [route], "typed_per_filter_config": per_route}
    seen = [{"header": {"key": f"x-seen-{name}", "value": f"%REQ({name})%"}} for name in variant.seen]
    return [
        {"name": "bench", "domains": ["*"]} | common,
        {"name": "check", "domains": [CHECK_HOST], "response_headers_to_add": seen} | common,
    ]

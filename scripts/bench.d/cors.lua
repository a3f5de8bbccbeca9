local allowed = { ["https://app.example.com"] = true }

function envoy_on_request(handle)
  local origin = handle:headers():get("origin")
  if origin and allowed[origin] then
    -- The response's half does not see the request.
    handle:streamInfo():dynamicMetadata():set("cors", "origin", origin)
  end
end

function envoy_on_response(handle)
  local headers = handle:headers()
  headers:add("vary", "Origin")
  local cors = handle:streamInfo():dynamicMetadata():get("cors")
  if cors then
    headers:replace("access-control-allow-origin", cors["origin"])
    headers:replace("access-control-allow-credentials", "true")
    headers:replace("access-control-expose-headers", "retry-after, x-correlation-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset")
  end
end

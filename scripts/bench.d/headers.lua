function envoy_on_request(handle)
  local headers = handle:headers()
  headers:remove("x-internal-debug")
  headers:replace("x-forwarded-by", "API-Gateway")
  headers:replace("x-gateway-service", "orders")
end

function envoy_on_response(handle)
  handle:headers():replace("x-gateway", "API-Gateway-v1.0")
end

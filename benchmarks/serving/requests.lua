-- The requests of wrk: one per line of a file of bodies, in turn. Arguments: the file, and the path.
-- At the end it writes one line of JSON: what was answered, and the percentiles of the latency in microseconds.

local requests, next_request = {}, 0

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  for body in io.lines(arguments[1]) do
    requests[#requests + 1] = wrk.format(nil, arguments[2], nil, body)
  end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency, _)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "failed": %d, "bytes": %d, "p50": %.0f, "p99": %.0f, "max": %.0f}\n',
    summary.requests, summary.duration / 1e6, failed, summary.bytes,
    latency:percentile(50), latency:percentile(99), latency.max))
end

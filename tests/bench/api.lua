-- api.lua - what wrk sends: GET of a path, with each cookie of a file in turn.
-- Prints one JSON object. Usage: wrk -s api.lua URL -- PATH COOKIES

local requests, last = {}, 0

function init(args)
   for line in io.lines(args[2]) do
      local cookie = line:match(" (%S+)$")
      requests[#requests + 1] = wrk.format("GET", args[1], {
         ["Host"] = "localhost", ["Cookie"] = "__Host-postlatch=" .. cookie,
      })
   end
end

function request()
   last = last % #requests + 1
   return requests[last]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format('{"rate": %.1f, "p50": %.1f, "p99": %.1f, "requests": %d, "failed": %d}\n',
      summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99),
      summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

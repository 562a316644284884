-- phones.lua - what wrk sends: the POST of each phone of a file in turn.
-- Prints one JSON object. Usage: wrk -s phones.lua URL -- PHONES ORIGIN

local requests, last = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      requests[#requests + 1] = wrk.format("POST", "/api/approve/request", {
         ["Host"] = "localhost", ["Origin"] = args[2], ["Content-Type"] = "application/json",
      }, line:match(" (.+)$"))
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

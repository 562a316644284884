-- api.lua - what wrk sends: GET of a path, with each cookie of a file in turn, which stands last in its line; or POST
-- from an origin, with each body of a file in turn, which is the rest of its line.
-- Prints one JSON object. Usage: wrk -s api.lua URL -- PATH COOKIES
--                                wrk -s api.lua URL -- PATH BODIES ORIGIN

local requests, last = {}, 0

local function get(path, line)
   return wrk.format("GET", path, { ["Host"] = "localhost", ["Cookie"] = "__Host-postlatch=" .. line:match(" (%S+)$") })
end

local function post(path, line, origin)
   return wrk.format("POST", path, {
      ["Host"] = "localhost", ["Origin"] = origin, ["Content-Type"] = "application/json",
   }, line:match(" (.+)$"))
end

function init(args)
   local path, file, origin = args[1], args[2], args[3]
   for line in io.lines(file) do
      requests[#requests + 1] = origin and post(path, line, origin) or get(path, line)
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

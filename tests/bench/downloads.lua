-- downloads.lua - what wrk sends: GET of a path at a host, over and over.
-- Prints one JSON object. Usage: wrk -s downloads.lua URL -- PATH HOST

function init(args)
   wrk.path = args[1]
   wrk.headers["Host"] = args[2]
end

function done(summary)
   local errors = summary.errors
   io.write(string.format('{"bytes": %d, "seconds": %.3f, "requests": %d, "failed": %d}\n', summary.bytes,
      summary.duration / 1e6, summary.requests, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

-- A request for wrk. Arguments: a method; a body, in which COUNT is replaced by a new text each
-- time; and the mean of the random pause between two requests, in milliseconds.
local method, body, pause, sent, thread = "GET", nil, 0, 0, ""
local threads = 0

function setup(one)
   threads = threads + 1
   one:set("number", threads)
end

function init(arguments)
   method = arguments[1] or "GET"
   body = arguments[2] ~= "" and arguments[2] or nil
   pause = tonumber(arguments[3] or "0")
   math.randomseed(os.time() + number)
   thread = number .. "-" .. os.time() .. "-"
   if body then
      wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
   end
end

function delay()
   return math.floor(pause * (0.5 + math.random()))
end

function request()
   if not body then
      return wrk.format(method)
   end
   sent = sent + 1
   local counted = string.gsub(body, "COUNT", thread .. sent)
   return wrk.format(method, nil, nil, counted)
end

function done(summary, latency)
   io.write(string.format(
      "RESULT %d %d %d %d %d\n",
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      summary.errors.status + summary.errors.connect + summary.errors.read
         + summary.errors.write + summary.errors.timeout))
end

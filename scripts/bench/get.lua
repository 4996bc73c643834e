-- What wrk sends: absolute-form requests to a proxy, or origin-form to what stands before an
-- upstream. Arguments: the target, a URL or a path; then one of
--   same     one small request over and over
--   log-in   that with credentials (those of policy.ts)
--   varied   a cycle of requests that differ in target and fields, about 600 bytes each, as browsers send them
--   unique   small ones, every one for a target of its own
--   twice    the same, each asked for once more when 100 others have been
-- and, of the last two, a word that makes their targets differ from those of other runs.

local requests, at = {}, 0
local before, after, lag

local agents = {
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
}
local types = {
  "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
  "application/json, text/plain, */*",
}

local function word(seed, length)
  local letters = {}
  for i = 1, length do
    seed = (seed * 1103515245 + 12345) % 2147483648
    letters[i] = string.char(97 + math.floor(seed / 65536) % 26)
  end
  return table.concat(letters)
end

local function varied(url, i)
  local target = string.format("%s?%s=%d&%s=%s", url, word(i, 2 + i % 7), i, word(i + 99, 4), word(i + 7, 5 + i % 40))
  local fields = {
    ["User-Agent"] = agents[1 + i % 3],
    ["Accept"] = types[1 + i % 3],
    ["Accept-Language"] = "en-US,en;q=0." .. (1 + i % 9),
    ["Accept-Encoding"] = "gzip, deflate, br, zstd",
    ["Referer"] = string.format("http://%s.example/%s", word(i + 3, 6 + i % 9), word(i + 5, 10 + i % 30)),
    ["Cookie"] = string.format("sid=%s; theme=%s; seen=%d", word(i + 11, 32), word(i + 13, 5), i * 7919),
  }
  if i % 2 == 0 then fields["X-Requested-With"] = "XMLHttpRequest" end
  if i % 3 == 0 then fields["Cache-Control"] = "no-cache" end
  if i % 5 == 0 then fields["X-Trace-" .. word(i, 4)] = word(i + 17, 24) end
  return wrk.format("GET", target, fields)
end

function init(args)
  local target, kind, run = args[1], args[2], args[3]
  wrk.headers["Host"] = target:match("^http://([^/]+)") or wrk.headers["Host"]
  if kind == "log-in" then
    wrk.headers["Proxy-Authorization"] = "Basic YmVuY2g6b3BlbiBzZXNhbWU="
  end
  if kind == "unique" or kind == "twice" then
    before, after = wrk.format("GET", string.format("%s?%s-", target, run)):match("^(%S+ %S+)(.*)$")
    lag = kind == "twice" and 100
  elseif kind == "varied" then
    for i = 1, 512 do requests[i] = varied(target, i) end
  else
    requests[1] = wrk.format("GET", target)
  end
end

function request()
  at = at + 1
  if before then return before .. number() .. after end
  at = (at - 1) % #requests + 1
  return requests[at]
end

function number()
  if not lag then return at end
  local newest = math.floor((at + 1) / 2)
  if at % 2 == 1 then return newest end
  return math.max(1, newest - lag)
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"seconds":%.6f,"p50Ms":%.3f,"p99Ms":%.3f,"cut":%d,"failed":%d,"refused":%d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.read, errors.connect + errors.write + errors.timeout, errors.status))
end

-- Charges buckets by GCRA, all of them or none, in one step. All times are microseconds of this Redis's clock.
-- KEYS: the buckets; each holds the moment at which it will be full again, and is not there when it is full.
-- ARGV: 1 to charge them and 0 to look only, then per bucket: the time that all of it takes to come back, and the time
-- that what is asked takes.
-- Answers {1 or 0: every bucket holds what is asked}, then per bucket how far it was from full before this step.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local answer, after = {1}, {}
for i, key in ipairs(KEYS) do
  local capacity, cost = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  -- What this step has asked of the same bucket before counts.
  local missing = after[key] or (tonumber(redis.call('GET', key)) or now) - now
  -- A clock that was set back, or a narrower rate, makes nobody wait longer than for the whole.
  missing = math.max(0, math.min(missing, capacity))
  if missing + cost > capacity then answer[1] = 0 end
  answer[i + 1] = missing
  after[key] = missing + cost
end
if answer[1] == 1 and ARGV[1] == '1' then
  for key, missing in pairs(after) do
    if missing > 0 then
      redis.call('SET', key, string.format('%.0f', now + missing), 'PX', math.ceil(missing / 1000))
    end
  end
end
return answer

-- Appends events to the journal of a generation and publishes them, in one step.
-- KEYS: the journal (a stream), the channel. ARGV: attempt, ticket, again (1: this call may have worked already),
-- how long the journal is kept while running and after its end (ms), how many events an attempt may have,
-- then per event its stored form without the opening brace, and whether it is the last (1 or 0).
-- Answers {0, first seq}, {1, current attempt} when the attempt is stale, {2, 0} after the end, {3, 0} when full.
local log, channel = KEYS[1], KEYS[2]
local attempt, ticket = tonumber(ARGV[1]), ARGV[2]

local function read(entry)
  local at, seq = string.match(entry[1], '^(%d+)-(%d+)$')
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  return tonumber(at), tonumber(seq), fields
end

if ARGV[3] == '1' then
  local first
  for _, entry in ipairs(redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1000 + #ARGV)) do
    local at, seq, fields = read(entry)
    if at == attempt and fields.ticket == ticket then first = seq elseif first then break end
  end
  if first then return {0, first} end
end

local seq, epoch = 0, nil
local head = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if head then
  local at, head_seq, fields = read(head)
  if attempt < at then return {1, at} end
  if fields.last == '1' then return {2, 0} end
  epoch = fields.epoch
  if attempt > at then redis.call('UNLINK', log) else seq = head_seq end
else
  local now = redis.call('TIME')
  epoch = now[1] .. string.format('%06d', now[2])
end
if seq + (#ARGV - 6) / 2 > tonumber(ARGV[6]) then return {3, 0} end

local message, ended = {epoch}, '0'
for i = 7, #ARGV, 2 do
  local place = string.format('%.0f', seq + (i - 5) / 2)
  ended = ARGV[i + 1]
  local event = '{"v":1,"attempt":' .. ARGV[1] .. ',"seq":' .. place .. ',' .. ARGV[i]
  redis.call('XADD', log, ARGV[1] .. '-' .. place, 'epoch', epoch, 'ticket', ticket, 'last', ended, 'event', event)
  message[#message + 1] = event
end
redis.call('PEXPIRE', log, ended == '1' and ARGV[5] or ARGV[4])
redis.call('PUBLISH', channel, table.concat(message, '\n'))
return {0, seq + 1}

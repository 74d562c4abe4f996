-- ARGV: 4 tenant, then jobs, or none: the tenant's newest. Gives for each of the tenant's jobs its
-- id, its numbers, how many it waits for, and its lines of errors.
local asked = {unpack(ARGV, 5)}
if #asked == 0 then asked = redis.call('ZREVRANGE', prefix .. 'list:' .. ARGV[4], 0, -1) end
local found = {}
for _, job in ipairs(asked) do
  -- Whoever asks may name anything, another kind of key too.
  local is_job = redis.call('TYPE', prefix .. job).ok == 'hash'
  if is_job and redis.call('HGET', prefix .. job, 'tenant') == ARGV[4] then
    table.insert(found, {job, redis.call('HGETALL', prefix .. job),
      redis.call('SCARD', waiting(job)), redis.call('LRANGE', errors(job), 0, -1)})
  end
end
return found

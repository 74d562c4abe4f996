-- ARGV: 4 job, 5 tenant, then ids. Gives those that had left the job already: it waits for them again,
-- and their fate does not count any more. A job that is closed already, or lost, waits for nothing
-- new.
local again = {}
if is_closed(ARGV[4]) then return again end
for i = 6, #ARGV do
  local id = ARGV[i]
  redis.call('SADD', waiting(ARGV[4]), id)
  redis.call('SADD', of(ARGV[5], id), ARGV[4])
  -- Longer than the job: each of its other products that is settled prolongs its life.
  redis.call('EXPIRE', of(ARGV[5], id), 7 * ttl)
  local fate = redis.call('HGET', fates(ARGV[4]), id)
  if fate then
    redis.call('HDEL', fates(ARGV[4]), id)
    redis.call('HINCRBY', prefix .. ARGV[4], fate, -1)
    table.insert(again, id)
  end
end
touch(ARGV[4])
return again

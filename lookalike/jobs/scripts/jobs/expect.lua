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
  if reconsider(ARGV[4], id) then table.insert(again, id) end
end
touch(ARGV[4])
return again

-- Gives due, owed, leased, and since when, in milliseconds, the longest-due one is due.
local due, owed, oldest = 0, 0, now
for _, tenant in ipairs(redis.call('ZRANGE', ring, 0, -1)) do
  due = due + redis.call('ZCOUNT', set_of(tenant), '-inf', now)
  owed = owed + redis.call('ZCARD', set_of(tenant))
  local first = redis.call('ZRANGE', set_of(tenant), 0, 0, 'WITHSCORES')
  if first[2] then oldest = math.min(oldest, tonumber(first[2])) end
end
return {due, owed, redis.call('ZCARD', leases), now - oldest}

-- ARGV: 3 token, then members.
for i = 4, #ARGV do
  if redis.call('HGET', holders, ARGV[i]) == ARGV[3] then
    redis.call('ZADD', leases, 'XX', now + lease_ms, ARGV[i])
  end
end

-- ARGV: 3 tenant, then ids.
for i = 4, #ARGV do
  local member = ARGV[3] .. '|' .. ARGV[i]
  redis.call('ZREM', set_of(ARGV[3]), ARGV[i])
  redis.call('ZREM', leases, member)
  redis.call('HDEL', holders, member)
  redis.call('HDEL', tries, member)
  redis.call('HDEL', lapses, member)
end

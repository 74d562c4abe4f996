-- ARGV: 4 job, 5 tenant, 6 kind, 7 how many jobs are listed.
local list = prefix .. 'list:' .. ARGV[5]
redis.call('HSET', prefix .. ARGV[4], 'tenant', ARGV[5], 'kind', ARGV[6], 'status', 'pending',
  'started_ms', now)
redis.call('SADD', prefix .. 'open', ARGV[4])
redis.call('ZADD', list, now, ARGV[4])
redis.call('ZREMRANGEBYRANK', list, 0, -1 - tonumber(ARGV[7]))
redis.call('EXPIRE', list, ttl)
touch(ARGV[4])

-- ARGV: 4 job, 5 tenant, then ids.
for i = 6, #ARGV do
  redis.call('SADD', waiting(ARGV[4]), ARGV[i])
  redis.call('SADD', of(ARGV[5], ARGV[i]), ARGV[4])
  redis.call('EXPIRE', of(ARGV[5], ARGV[i]), ttl)
end
touch(ARGV[4])

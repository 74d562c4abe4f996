-- ARGV: 4… jobs. Those that are through are complete.
for i = 4, #ARGV do
  local job = ARGV[i]
  if status_of(job) == 'embedding' and redis.call('SCARD', waiting(job)) == 0 then
    redis.call('HSET', prefix .. job, 'status', 'complete', 'completed_ms', now)
    redis.call('SREM', prefix .. 'open', job)
  end
end

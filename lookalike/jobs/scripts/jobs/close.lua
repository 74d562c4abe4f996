-- ARGV: 4 job, 5 created, 6 updated, 7 unchanged, 8 failed, then lines of errors.
redis.call('HSET', prefix .. ARGV[4], 'created', ARGV[5], 'updated', ARGV[6], 'unchanged', ARGV[7],
  'failed', ARGV[8], 'status', 'embedding')
for i = 9, #ARGV do complain(ARGV[4], ARGV[i]) end
finish(ARGV[4])

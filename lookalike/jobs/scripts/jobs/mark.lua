-- ARGV: 4 job, 5 position.
redis.call('HSET', prefix .. ARGV[4], 'position', ARGV[5])
touch(ARGV[4])

-- ARGV: 4 job, 5 position.
if is_closed(ARGV[4]) then return end
redis.call('HSET', prefix .. ARGV[4], 'position', ARGV[5])
touch(ARGV[4])

-- ARGV: 4 job, 5 lines of errors beyond those given, 6 created, 7 updated, 8 unchanged, 9 failed ('':
-- as it was opened), then lines of errors.
if is_closed(ARGV[4]) then return through end
if ARGV[6] ~= '' then count(ARGV[4], ARGV[6], ARGV[7], ARGV[8], ARGV[9]) end
for i = 10, #ARGV do complain(ARGV[4], ARGV[i]) end
redis.call('HINCRBY', prefix .. ARGV[4], 'more_errors', ARGV[5])
redis.call('DEL', fates(ARGV[4]))
redis.call('HSET', prefix .. ARGV[4], 'status', 'embedding')
pass(ARGV[4])
return through

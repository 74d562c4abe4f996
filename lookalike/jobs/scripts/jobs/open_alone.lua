-- ARGV: 4 job, 5 tenant, 6 kind, 7 how many jobs are listed, 8 created, 9 updated, 10 unchanged,
-- 11 failed. Gives the job that runs: this one, or an earlier one of the kind.
local alone = prefix .. 'alone:' .. ARGV[5] .. '|' .. ARGV[6]
local earlier = redis.call('GET', alone)
local status = earlier and status_of(earlier)
if status == 'pending' or status == 'embedding' then return earlier end
begin(ARGV[4], ARGV[5], ARGV[6], ARGV[7])
count(ARGV[4], ARGV[8], ARGV[9], ARGV[10], ARGV[11])
redis.call('SET', alone, ARGV[4], 'EX', ttl)
return ARGV[4]

-- ARGV: 4 tenant, 5 the job to leave out, then id, fate and line of error (or '') by turns.
for i = 6, #ARGV, 3 do
  local id, fate, line = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  for _, job in ipairs(redis.call('SMEMBERS', of(ARGV[4], id))) do
    if job ~= ARGV[5] then
      if leave(job, ARGV[4], id) then
        redis.call('HINCRBY', prefix .. job, fate, 1)
        if status_of(job) == 'pending' then redis.call('HSET', fates(job), id, fate) end
        if line ~= '' then complain(job, line) end
      end
      pass(job)
    end
  end
end
return through

-- ARGV: 3 tenant, 4 the origin, if any, then ids. New content: earlier tries and lapses are forgotten.
for i = 5, #ARGV do
  local member = ARGV[3] .. '|' .. ARGV[i]
  forget_history(member)
  if ARGV[4] == '' then
    redis.call('HDEL', origins, member)
  else
    redis.call('HSET', origins, member, ARGV[4])
  end
  if is_leased(member) then
    redis.call('SADD', again, member)
  else
    owe(ARGV[3], ARGV[i], now)
  end
end

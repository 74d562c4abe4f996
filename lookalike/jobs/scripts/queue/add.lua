-- ARGV: 3 tenant, then ids. New content: earlier tries and lapses are forgotten.
for i = 4, #ARGV do
  local member = ARGV[3] .. '|' .. ARGV[i]
  forget_history(member)
  if is_leased(member) then
    redis.call('SADD', again, member)
  else
    owe(ARGV[3], ARGV[i], now)
  end
end

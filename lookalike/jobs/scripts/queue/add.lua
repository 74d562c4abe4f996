-- ARGV: 3 tenant, then ids. New content: earlier tries and lapses are forgotten.
for i = 4, #ARGV do
  local member = ARGV[3] .. '|' .. ARGV[i]
  redis.call('HDEL', tries, member)
  redis.call('HDEL', lapses, member)
  owe(ARGV[3], ARGV[i], now)
end

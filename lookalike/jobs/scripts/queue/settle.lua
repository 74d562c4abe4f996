-- ARGV: 3 token, then members. What was added meanwhile stays in its set.
for i = 4, #ARGV do
  if let_go(ARGV[i], ARGV[3]) then
    redis.call('HDEL', tries, ARGV[i])
    redis.call('HDEL', lapses, ARGV[i])
  end
end

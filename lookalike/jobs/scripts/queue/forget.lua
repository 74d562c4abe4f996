-- ARGV: 3 tenant, then ids.
for i = 4, #ARGV do
  local member = ARGV[3] .. '|' .. ARGV[i]
  redis.call('ZREM', set_of(ARGV[3]), ARGV[i])
  let_go(member)
  forget_history(member)
  redis.call('HDEL', origins, member)
end
leave_if_empty(ARGV[3])

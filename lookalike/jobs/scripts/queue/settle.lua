-- ARGV: 3 token, then members. What was added meanwhile is due.
for i = 4, #ARGV do
  local member = ARGV[i]
  if holds(ARGV[3], member) then
    forget_history(member)
    if let_go(member) then
      local tenant, id = parts_of(member)
      owe(tenant, id, now)
    else
      redis.call('HDEL', origins, member)
    end
  end
end

-- ARGV: 3 token, 4 whether it counts as a try, then members and milliseconds by turns. One that was
-- added meanwhile is due at once: its content is another.
for i = 5, #ARGV, 2 do
  local member, rest_ms = ARGV[i], tonumber(ARGV[i + 1])
  if holds(ARGV[3], member) then
    local tenant, id = parts_of(member)
    if let_go(member) then
      owe(tenant, id, now)
    else
      if ARGV[4] == '1' then redis.call('HINCRBY', tries, member, 1) end
      owe(tenant, id, now + rest_ms)
    end
  end
end

-- ARGV: 3 token, 4 whether it counts as a try, then members and milliseconds by turns. One that was
-- added meanwhile is due at once: its content is another.
for i = 5, #ARGV, 2 do
  local member = ARGV[i]
  if let_go(member, ARGV[3]) then
    local tenant, id = parts_of(member)
    if not redis.call('ZSCORE', set_of(tenant), id) then
      if ARGV[4] == '1' then redis.call('HINCRBY', tries, member, 1) end
      owe(tenant, id, now + tonumber(ARGV[i + 1]))
    end
  end
end

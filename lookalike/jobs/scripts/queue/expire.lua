-- ARGV: 3 token, 4 how many at most. Gives tenant and id by turns of those that lapsed three times;
-- they are leased to the token, so that they come back should the caller end too.
local exhausted = {}
local over = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, tonumber(ARGV[4]))
for _, member in ipairs(over) do
  local tenant, id = parts_of(member)
  if redis.call('HINCRBY', lapses, member, 1) >= 3 then
    lease(member, ARGV[3])
    table.insert(exhausted, tenant)
    table.insert(exhausted, id)
  else
    let_go(member)
    owe(tenant, id, now)
  end
end
return exhausted

-- ARGV: 4 kind. Gives job, tenant and position ('': at the start) of the jobs of the kind that are
-- still to mark products.
local found = {}
for _, job in ipairs(redis.call('SMEMBERS', prefix .. 'open')) do
  local tenant, kind, status, position =
    unpack(redis.call('HMGET', prefix .. job, 'tenant', 'kind', 'status', 'position'))
  if kind == ARGV[4] and status == 'pending' then
    table.insert(found, {job, tenant, position or ''})
  end
end
return found

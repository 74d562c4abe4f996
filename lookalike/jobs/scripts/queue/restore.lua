-- ARGV: 3…: tenant and id by turns. What waits keeps its time; what is leased comes back by itself.
for i = 3, #ARGV, 2 do
  local tenant, id = ARGV[i], ARGV[i + 1]
  local waits = redis.call('ZSCORE', set_of(tenant), id)
  if not waits and not is_leased(tenant .. '|' .. id) then owe(tenant, id, now) end
end

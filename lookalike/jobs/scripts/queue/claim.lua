-- ARGV: 3 token, 4 limit. Gives tenant, id, tries and origin by turns.
-- Tenants take turns, one product each, and a tenant goes to the ring's end with every turn: so one
-- that owes much keeps no other waiting, and the next claim begins with whoever waited longest.
local token, limit = ARGV[3], tonumber(ARGV[4])

-- Each tenant gets a turn before any has a second, so no more than `limit` of them are looked at.
local turns = {}
for _, tenant in ipairs(redis.call('ZRANGE', ring, 0, -1)) do
  if #turns == limit then break end
  local due = redis.call('ZRANGE', set_of(tenant), '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  if due[1] then table.insert(turns, {tenant = tenant, due = due}) end
end

local claimed, count = {}, 0
while count < limit and turns[1] do
  local turn = table.remove(turns, 1)
  local tenant, id = turn.tenant, table.remove(turn.due, 1)
  local member = tenant .. '|' .. id
  -- What may have ended two workers is claimed alone. It ends a claim that has begun, and its
  -- tenant, which keeps its turn, begins the next.
  local suspect = tonumber(redis.call('HGET', lapses, member) or 0) >= 2
  if suspect and count > 0 then break end
  redis.call('ZREM', set_of(tenant), id)
  lease(member, token)
  go_to_the_end(tenant)
  leave_if_empty(tenant)
  table.insert(claimed, tenant)
  table.insert(claimed, id)
  table.insert(claimed, tonumber(redis.call('HGET', tries, member) or 0))
  table.insert(claimed, redis.call('HGET', origins, member) or '')
  count = count + 1
  if suspect then break end
  if turn.due[1] then table.insert(turns, turn) end
end
return claimed

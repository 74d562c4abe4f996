-- ARGV: 3 token, 4 limit. Gives tenant, id, tries by turns.
-- Each tenant in the ring gives a fair share and goes to the ring's end, so the one that has waited
-- longest for its turn comes first in the next claim. A product whose lease lapsed twice is claimed
-- alone: it may be what ended its workers.
local token, limit = ARGV[3], tonumber(ARGV[4])
local claimed, count = {}, 0

local function take(tenant, id, member)
  redis.call('ZREM', set_of(tenant), id)
  lease(member, token)
  table.insert(claimed, tenant)
  table.insert(claimed, id)
  table.insert(claimed, tonumber(redis.call('HGET', tries, member) or '0'))
  count = count + 1
end

-- Takes up to `share` due products of a tenant; true if a suspect was taken, which ends the claim.
local function serve(tenant, share)
  local leased_too = redis.call('ZCARD', leases)
  local due = redis.call('ZRANGE', set_of(tenant), '-inf', now, 'BYSCORE',
    'LIMIT', 0, share + math.min(leased_too, 1000))
  local taken = 0
  for _, id in ipairs(due) do
    if taken == share then break end
    local member = tenant .. '|' .. id
    if not redis.call('ZSCORE', leases, member) then
      if tonumber(redis.call('HGET', lapses, member) or '0') >= 2 then
        if count == 0 then
          take(tenant, id, member)
          return true
        end
      else
        take(tenant, id, member)
        taken = taken + 1
      end
    end
  end
  return false
end

local tenants = redis.call('ZRANGE', ring, 0, -1)
local waiting = {}
for _, tenant in ipairs(tenants) do
  local first = redis.call('ZRANGE', set_of(tenant), 0, 0, 'WITHSCORES')
  if not first[1] then
    redis.call('ZREM', ring, tenant)
  elseif tonumber(first[2]) <= now then
    table.insert(waiting, tenant)
  end
end

-- Rounds, so that what one tenant leaves of its share goes to the others and batches are full.
local before = -1
while count < limit and count > before do
  before = count
  for position, tenant in ipairs(waiting) do
    if count >= limit then break end
    redis.call('ZADD', ring, next_turn(), tenant)
    if serve(tenant, math.ceil((limit - count) / (#waiting - position + 1))) then
      return claimed
    end
  end
end
return claimed

-- What every script shares. KEYS: 1 ring, 2 leases, 3 holders, 4 tries, 5 lapses; ARGV[1]: the
-- prefix of the tenants' sets, ARGV[2]: a lease's length in milliseconds. A member of all but the
-- sets is 'tenant|id': tenants are UUIDs, so the first bar parts the two.
local ring, leases, holders, tries, lapses = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local prefix, lease_ms = ARGV[1], tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function set_of(tenant) return prefix .. tenant end

local function parts_of(member)
  local bar = string.find(member, '|', 1, true)
  return string.sub(member, 1, bar - 1), string.sub(member, bar + 1)
end

-- The number of the turn after all that the ring knows.
local function next_turn()
  return tonumber(redis.call('ZRANGE', ring, -1, -1, 'WITHSCORES')[2] or '0') + 1
end

-- Puts a product into its tenant's set, and the tenant, if it is new there, at the ring's end.
local function owe(tenant, id, due, how)
  if how then
    redis.call('ZADD', set_of(tenant), how, due, id)
  else
    redis.call('ZADD', set_of(tenant), due, id)
  end
  redis.call('ZADD', ring, 'NX', next_turn(), tenant)
end

local function lease(member, token)
  redis.call('ZADD', leases, now + lease_ms, member)
  redis.call('HSET', holders, member, token)
end

-- Ends a lease if the token still holds it.
local function let_go(member, token)
  if redis.call('HGET', holders, member) ~= token then return false end
  redis.call('ZREM', leases, member)
  redis.call('HDEL', holders, member)
  return true
end

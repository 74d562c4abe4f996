-- What every script of the queue shares. KEYS: 1 ring, 2 leases, 3 holders, 4 again, 5 tries,
-- 6 lapses, 7 origins; ARGV[1]: the prefix of the tenants' sets, ARGV[2]: a lease's length in milliseconds. A
-- member of all but the sets is 'tenant|id': tenants are UUIDs, so the first bar parts the two.
-- A product waits in its tenant's set or is leased, never both, so whatever is due can be claimed;
-- one that is added while it is leased is noted in `again` until the lease ends.
local ring, leases, holders, again, tries, lapses, origins = unpack(KEYS)
local prefix, lease_ms = ARGV[1], tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function set_of(tenant) return prefix .. tenant end

local function parts_of(member)
  local bar = string.find(member, '|', 1, true)
  return string.sub(member, 1, bar - 1), string.sub(member, bar + 1)
end

-- Turns are counted, not timed: a clock that is set back would favour a tenant.
local function go_to_the_end(tenant)
  local last = redis.call('ZRANGE', ring, -1, -1, 'WITHSCORES')[2] or 0
  redis.call('ZADD', ring, last + 1, tenant)
end

local function leave_if_empty(tenant)
  if redis.call('EXISTS', set_of(tenant)) == 0 then redis.call('ZREM', ring, tenant) end
end

-- Puts a product into its tenant's set. One that waits already keeps the earlier of both times.
local function owe(tenant, id, due)
  redis.call('ZADD', set_of(tenant), 'LT', due, id)
  if not redis.call('ZSCORE', ring, tenant) then go_to_the_end(tenant) end
end

local function forget_history(member)
  redis.call('HDEL', tries, member)
  redis.call('HDEL', lapses, member)
end

local function lease(member, token)
  redis.call('ZADD', leases, now + lease_ms, member)
  redis.call('HSET', holders, member, token)
end

local function is_leased(member) return redis.call('HEXISTS', holders, member) == 1 end

local function holds(token, member) return redis.call('HGET', holders, member) == token end

-- Ends a lease; true if the product was added meanwhile.
local function let_go(member)
  redis.call('ZREM', leases, member)
  redis.call('HDEL', holders, member)
  return redis.call('SREM', again, member) == 1
end

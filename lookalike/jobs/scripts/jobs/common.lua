-- What every script of the jobs shares. ARGV[1]: the prefix, ARGV[2]: how long a job lives, in
-- seconds, ARGV[3]: how many lines of errors it keeps. Keys: <prefix><job> its numbers,
-- <prefix><job>:waiting its products, <prefix><job>:fates how those left it that did before it was
-- closed, <prefix><job>:errors its lines, <prefix>of:<tenant>|<product>
-- the jobs that wait for a product, <prefix>list:<tenant> the jobs by age, <prefix>open those that
-- still wait, <prefix>alone:<tenant>|<kind> the newest job of a kind that a tenant has one at a time.
local prefix, ttl, most_errors = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function of(tenant, id) return prefix .. 'of:' .. tenant .. '|' .. id end
local function waiting(job) return prefix .. job .. ':waiting' end
local function fates(job) return prefix .. job .. ':fates' end
local function errors(job) return prefix .. job .. ':errors' end

local function touch(job)
  local tenant, kind = unpack(redis.call('HMGET', prefix .. job, 'tenant', 'kind'))
  if not tenant then return end
  redis.call('HSET', prefix .. job, 'touched_ms', now)
  redis.call('EXPIRE', prefix .. job, ttl)
  redis.call('EXPIRE', waiting(job), ttl)
  redis.call('EXPIRE', fates(job), ttl)
  redis.call('EXPIRE', errors(job), ttl)
  -- As long as it lives it is listed, and keeps others of its kind waiting.
  redis.call('EXPIRE', prefix .. 'list:' .. tenant, ttl)
  redis.call('EXPIRE', prefix .. 'alone:' .. tenant .. '|' .. kind, ttl)
end

local function complain(job, line)
  if redis.call('RPUSH', errors(job), line) > most_errors then
    redis.call('RPOP', errors(job))
    redis.call('HINCRBY', prefix .. job, 'more_errors', 1)
  end
end

local function leave(job, tenant, id)
  redis.call('SREM', of(tenant, id), job)
  return redis.call('SREM', waiting(job), id) == 1
end

-- How a product left a job that is still open does not count any more; true if it had left.
local function reconsider(job, id)
  local fate = redis.call('HGET', fates(job), id)
  if not fate then return false end
  redis.call('HDEL', fates(job), id)
  redis.call('HINCRBY', prefix .. job, fate, -1)
  return true
end

local function begin(job, tenant, kind, listed)
  local list = prefix .. 'list:' .. tenant
  redis.call('HSET', prefix .. job, 'tenant', tenant, 'kind', kind, 'status', 'pending',
    'started_ms', now)
  redis.call('SADD', prefix .. 'open', job)
  redis.call('ZADD', list, now, job)
  redis.call('ZREMRANGEBYRANK', list, 0, -1 - tonumber(listed))
  touch(job)
end

local function count(job, created, updated, unchanged, failed)
  redis.call('HSET', prefix .. job, 'created', created, 'updated', updated, 'unchanged', unchanged,
    'failed', failed)
end

local function status_of(job) return redis.call('HGET', prefix .. job, 'status') end

-- Of one that failed the upload may go on all the same: it was only slow.
local function is_closed(job)
  local status = status_of(job)
  return status ~= 'pending' and status ~= 'failed'
end

-- A job that was closed and waits for nothing is through: it is complete as soon as searches see all
-- of it, which the caller makes sure of before it says so. One that failed stays so.
local through = {}

local function pass(job)
  touch(job)
  local status = status_of(job)
  if redis.call('SCARD', waiting(job)) > 0 then return end
  if status == 'embedding' then table.insert(through, job) end
  if status == 'failed' then redis.call('SREM', prefix .. 'open', job) end
end

local function fail(job, line)
  complain(job, line)
  redis.call('HSET', prefix .. job, 'status', 'failed', 'completed_ms', now)
  pass(job)
end

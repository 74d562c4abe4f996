-- What every script of the jobs shares. ARGV[1]: the prefix, ARGV[2]: how long a job lives, in
-- seconds, ARGV[3]: how many lines of errors it keeps. Keys: <prefix><job> its numbers,
-- <prefix><job>:waiting its products, <prefix><job>:errors its lines, <prefix>of:<tenant>|<product>
-- the jobs that wait for a product, <prefix>list:<tenant> the jobs by age, <prefix>open those that
-- still wait.
local prefix, ttl, most_errors = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function of(tenant, id) return prefix .. 'of:' .. tenant .. '|' .. id end
local function waiting(job) return prefix .. job .. ':waiting' end
local function errors(job) return prefix .. job .. ':errors' end

local function touch(job)
  redis.call('EXPIRE', prefix .. job, ttl)
  redis.call('EXPIRE', waiting(job), ttl)
  redis.call('EXPIRE', errors(job), ttl)
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

-- A job that was closed and waits for nothing is complete.
local function finish(job)
  touch(job)
  if redis.call('HGET', prefix .. job, 'status') == 'embedding'
    and redis.call('SCARD', waiting(job)) == 0 then
    redis.call('HSET', prefix .. job, 'status', 'complete', 'completed_ms', now)
    redis.call('SREM', prefix .. 'open', job)
  end
end

-- ARGV: 4 the milliseconds that an upload may take. Gives tenant and products of each job that still
-- waits, and forgets those that are no more. A job is left out while its products are being written:
-- the index does not know them yet. One that was never closed was left behind by a dead process.
local found = {}
for _, job in ipairs(redis.call('SMEMBERS', prefix .. 'open')) do
  local tenant, status, started =
    unpack(redis.call('HMGET', prefix .. job, 'tenant', 'status', 'started_ms'))
  if tenant and (status ~= 'pending' or now - tonumber(started) > tonumber(ARGV[4])) then
    table.insert(found, {tenant, redis.call('SMEMBERS', waiting(job))})
  elseif not tenant then
    redis.call('SREM', prefix .. 'open', job)
  end
end
return found

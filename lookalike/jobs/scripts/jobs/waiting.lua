-- Gives tenant and products of each job that still waits; forgets those that are no more.
local found = {}
for _, job in ipairs(redis.call('SMEMBERS', prefix .. 'open')) do
  local tenant = redis.call('HGET', prefix .. job, 'tenant')
  if tenant then
    table.insert(found, {tenant, redis.call('SMEMBERS', waiting(job))})
  else
    redis.call('SREM', prefix .. 'open', job)
  end
end
return found

-- ARGV: 4 the milliseconds without a sign of life after which an upload was left behind, 5 what its
-- job then says, 6 the kind that is never left behind. Gives tenant and products of each job that still
-- waits, and forgets those that are no more; and the jobs that are through and were never finished. A job is left out while its products are being written:
-- the index does not know them yet.
local found = {}
for _, job in ipairs(redis.call('SMEMBERS', prefix .. 'open')) do
  local tenant, status, kind, touched =
    unpack(redis.call('HMGET', prefix .. job, 'tenant', 'status', 'kind', 'touched_ms'))
  if status == 'pending' and kind ~= ARGV[6] and now - tonumber(touched) > tonumber(ARGV[4]) then
    fail(job, ARGV[5])
    status = 'failed'
  end
  if status == 'embedding' then pass(job) end
  if tenant and status ~= 'pending' then
    table.insert(found, {tenant, redis.call('SMEMBERS', waiting(job))})
  elseif not tenant then
    redis.call('SREM', prefix .. 'open', job)
  end
end
return {found, through}

-- ARGV: 3…: tenant and id by turns. What waits keeps its time; what is leased comes back by itself.
for i = 3, #ARGV, 2 do
  if not redis.call('ZSCORE', leases, ARGV[i] .. '|' .. ARGV[i + 1]) then
    owe(ARGV[i], ARGV[i + 1], now, 'NX')
  end
end

-- ARGV: 4 job, 5 tenant, then ids.
for i = 6, #ARGV do
  leave(ARGV[4], ARGV[5], ARGV[i])
  reconsider(ARGV[4], ARGV[i])
end
pass(ARGV[4])
return through

-- ARGV: 3 token, then members.
for i = 4, #ARGV do
  if holds(ARGV[3], ARGV[i]) then lease(ARGV[i], ARGV[3]) end
end

-- ARGV: 4 job, 5 tenant, 6 kind, 7 how many jobs are listed.
begin(ARGV[4], ARGV[5], ARGV[6], ARGV[7])

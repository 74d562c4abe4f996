-- ARGV: 4 job, 5 created, 6 updated, 7 unchanged, 8 failed, 9 why.
count(ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
fail(ARGV[4], ARGV[9])

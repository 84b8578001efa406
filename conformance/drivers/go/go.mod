module gauntlet/driver

go 1.19

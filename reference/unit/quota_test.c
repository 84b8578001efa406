/* SPDX-License-Identifier: BSD-3-Clause */
/* quota_test.c - limits of processor time, read below a directory of our own. */
#define _GNU_SOURCE
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"

static char root[] = P_tmpdir "/quota.XXXXXX";

static void put(const char *path, const char *text)
{
    char full[512];
    fmt_buf(full, sizeof full, "%s%s", root, path);
    for (char *at = full + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(full, 0700);
        *at = '/';
    }
    int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void begin(void)
{
    CHECK(mkdtemp(root) != NULL);
    CHECK_EQ(os_cpu_quota(root), 0); /* nothing there */
}

static void end(void)
{
    char command[64];
    fmt_buf(command, sizeof command, "rm -r %s", root);
    CHECK_EQ(system(command), 0);
}

static void version_2(void)
{
    begin();
    put("/proc/self/cgroup", "0::/user/job\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/user/job/cpu.max", "400000 100000\n");
    CHECK_EQ(os_cpu_quota(root), 4);
    put("/sys/fs/cgroup/user/job/cpu.max", "250001 50000\n");
    CHECK_EQ(os_cpu_quota(root), 6); /* rounded up */
    put("/sys/fs/cgroup/user/cpu.max", "150000 100000\n");
    CHECK_EQ(os_cpu_quota(root), 2); /* the group above allows less */
    put("/sys/fs/cgroup/cpu.max", "20000 100000\n");
    CHECK_EQ(os_cpu_quota(root), 1);
    end();
}

static void version_1(void)
{
    begin();
    put("/proc/self/cgroup", "9:memory:/m\n4:cpu,cpuacct:/job\n3:cpuset:/s\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "310000\n");
    CHECK_EQ(os_cpu_quota(root), 4);
    put("/proc/self/cgroup", "4:cpu:/other\n0::/\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/cpu/other/cpu.cfs_quota_us", "50000\n");
    put("/sys/fs/cgroup/cpu/other/cpu.cfs_period_us", "100000\n");
    CHECK_EQ(os_cpu_quota(root), 1);
    end();
}

/* In a container the group's path need not exist; the mount is the group. */
static void contained(void)
{
    begin();
    put("/proc/self/cgroup", "0::/../../docker/0123\n");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    CHECK_EQ(os_cpu_quota(root), 3);
    end();
}

static void nonsense(void)
{
    begin();
    put("/proc/self/cgroup", "x\n::\n7:cpu\n0::/a\n");
    put("/sys/fs/cgroup/a/cpu.max", "many few\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/a/cpu.max", "5 0\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    put("/sys/fs/cgroup/a/cpu.max", "5\n");
    CHECK_EQ(os_cpu_quota(root), 0);
    end();
}

static void own(void)
{
    CHECK(os_cpu_quota("") >= 0);
    CHECK(os_cpu_count() >= 1);
}

static const struct unit_case cases[] = {
    UNIT(version_2), UNIT(version_1), UNIT(contained), UNIT(nonsense), UNIT(own),
};
UNIT_MAIN(cases)

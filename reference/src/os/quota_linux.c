/* SPDX-License-Identifier: BSD-3-Clause */
/* quota_linux.c - how much processor time the process's control group may use.
 *
 * Owns: reading the bandwidth limit of cgroup v2 and v1.
 * Not here: which processors it may run on (thread_linux.c), what is made of both (floor
 * sched).
 *
 *     /proc/self/cgroup    its limit
 *     0::/a/b              v2  /sys/fs/cgroup/a/b/cpu.max: "150000 100000"
 *     4:cpu,cpuacct:/c     v1  /sys/fs/cgroup/cpu,cpuacct/c/cpu.cfs_quota_us,
 *                              cpu.cfs_period_us
 *
 * A limit of a group holds for those below it, so the least one on the way up counts.
 * Inside a container the path may not exist: then it is the way up that is read, down to
 * the mount itself.  Whatever cannot be read is no limit.
 */
#define _GNU_SOURCE
#include "os.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096

/* The file's first bytes as a string; false: there is no such file. */
static bool file_read(const char *path, char *out, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, size - 1);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    return n > 0;
}

/* Rounded up; 0: no limit. */
static int64_t processors(int64_t quota, int64_t period)
{
    return quota > 0 && period > 0 ? (quota + period - 1) / period : 0;
}

static int64_t limit_v2(const char *dir)
{
    char path[PATH_BYTES], text[64], *end;
    fmt_buf(path, sizeof path, "%s/cpu.max", dir);
    if (!file_read(path, text, sizeof text) || text[0] == 'm') /* max */
        return 0;
    int64_t quota = strtoll(text, &end, 10);
    return processors(quota, strtoll(end, NULL, 10));
}

static int64_t limit_v1(const char *dir)
{
    char path[PATH_BYTES], quota[32], period[32];
    fmt_buf(path, sizeof path, "%s/cpu.cfs_quota_us", dir);
    if (!file_read(path, quota, sizeof quota))
        return 0;
    fmt_buf(path, sizeof path, "%s/cpu.cfs_period_us", dir);
    if (!file_read(path, period, sizeof period))
        return 0;
    return processors(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* The least limit from mount + group up to mount. */
static int64_t least(const char *mount, const char *group, int64_t (*limit)(const char *))
{
    char dir[PATH_BYTES];
    int64_t min = 0;
    size_t shortest = strlen(mount);
    fmt_buf(dir, sizeof dir, "%s%s", mount, group);
    for (;;) {
        int64_t n = limit(dir);
        min = n > 0 && (min == 0 || n < min) ? n : min;
        char *slash = strrchr(dir, '/');
        if (strlen(dir) <= shortest || slash == NULL)
            return min;
        *slash = '\0';
    }
}

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += n)
        if ((at == list || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* One line of /proc/self/cgroup, "number:controllers:group", which is cut up. */
static int64_t line_limit(const char *root, char *line)
{
    char mount[PATH_BYTES];
    char *names = strchr(line, ':');
    char *group = names != NULL ? strchr(names + 1, ':') : NULL;
    if (group == NULL)
        return 0;
    *names++ = '\0';
    *group++ = '\0';
    if (names[0] == '\0') {
        fmt_buf(mount, sizeof mount, "%s/sys/fs/cgroup", root);
        return least(mount, group, limit_v2);
    }
    if (!has_word(names, "cpu"))
        return 0;
    fmt_buf(mount, sizeof mount, "%s/sys/fs/cgroup/%s", root, names);
    int64_t n = least(mount, group, limit_v1);
    fmt_buf(mount, sizeof mount, "%s/sys/fs/cgroup/cpu", root);
    return n > 0 ? n : least(mount, group, limit_v1);
}

int os_cpu_quota(const char *root)
{
    char path[PATH_BYTES], groups[PATH_BYTES], *rest = NULL;
    int64_t min = 0;
    fmt_buf(path, sizeof path, "%s/proc/self/cgroup", root);
    if (!file_read(path, groups, sizeof groups))
        return 0;
    for (char *l = strtok_r(groups, "\n", &rest); l != NULL;
         l = strtok_r(NULL, "\n", &rest)) {
        int64_t n = line_limit(root, l);
        min = n > 0 && (min == 0 || n < min) ? n : min;
    }
    return min < INT32_MAX ? (int)min : 0;
}

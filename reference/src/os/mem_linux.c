/* SPDX-License-Identifier: BSD-3-Clause */
/* mem_linux.c - address space and guards.
 *
 * Owns: reservations, dropping pages, guards of either kind and the budget of the second.
 * Not here: who uses which page (floors fix and stack).
 *
 * Idea: a guard marker (madvise 102, Linux 6.13) lives in the page table, so a hundred
 * thousand guards cost no mapping.  A kernel or emulator that does not know the advice may
 * still answer 0; so the first use puts a marker on a page and asks the kernel to read that
 * page for a pipe: only EFAULT convinces.  Otherwise mprotect is used, which splits a
 * mapping in two; the system allows vm.max_map_count of those, and a process that spends
 * them all cannot even create threads, so a reserve is left.  Rejected: PROT_NONE
 * reservations with pages enabled one by one (a mapping per stack, too).
 *
 *   I1  guard_kind is decided once; guards of two kinds never mix.
 *   I2  guard_budget >= 0: mappings that may still be split off.
 */
#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
#define ADVICE_GUARD_INSTALL 102
#define ADVICE_GUARD_REMOVE 103

/* Where reservations count as memory, this much of it may be reserved for a purpose. */
#define STRICT_BYTES ((size_t)1 << 30)

#define MAPS_DEFAULT 65530
#define MAPS_RESERVE 8192
#define MAPS_PER_GUARD 2

static pthread_once_t guard_once = PTHREAD_ONCE_INIT;
static _Atomic(enum os_guard) guard_kind; /* atomic; const after guard_once */
static atomic_i64 guard_budget;           /* atomic */

size_t os_page_bytes(void)
{
    static atomic_u64 cached;
    uint64_t n = load_relaxed(&cached);
    if (n == 0) {
        n = (uint64_t)sysconf(_SC_PAGESIZE);
        store_relaxed(&cached, n);
    }
    return n;
}

/* Advice only: a kernel without huge pages or core dumps refuses, at no harm. */
static void advise(void *at, size_t bytes)
{
    madvise(at, bytes, MADV_NOHUGEPAGE);
    madvise(at, bytes, MADV_DONTDUMP);
}

void *os_reserve(size_t bytes, size_t align)
{
    size_t page = os_page_bytes();
    size_t slack = align > page ? align : 0;
    if (FAILURE(memory_reserve))
        return NULL;
    char *at = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    if (slack > 0) {
        char *start = (char *)align_up((uintptr_t)at, align);
        size_t head = (size_t)(start - at);
        if (head > 0)
            munmap(at, head);
        if (slack > head)
            munmap(start + bytes, slack - head);
        at = start;
    }
    advise(at, bytes);
    return at;
}

/* A small file's only number; `otherwise` when there is none. */
static int64_t file_number(const char *path, int64_t otherwise)
{
    char text[32];
    int64_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return otherwise;
    ssize_t got = read(fd, text, sizeof text);
    close(fd);
    for (ssize_t i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++)
        n = n * 10 + (text[i] - '0');
    return got > 0 && text[0] >= '0' && text[0] <= '9' ? n : otherwise;
}

size_t os_space_limit(void)
{
    struct rlimit r;
    bool is_strict =
        FAILURE(memory_strict) || file_number("/proc/sys/vm/overcommit_memory", 0) == 2;
    size_t limit = is_strict ? STRICT_BYTES : SIZE_MAX;
    if (getrlimit(RLIMIT_AS, &r) == 0 && r.rlim_cur != RLIM_INFINITY)
        limit = min_u64(limit, r.rlim_cur);
    return limit;
}

void os_prefer_huge(void *at, size_t bytes)
{
    madvise(at, bytes, MADV_HUGEPAGE); /* advice only, as above */
}

void os_release(void *at, size_t bytes)
{
    if (munmap(at, bytes) != 0)
        throw("munmap of a reservation failed");
}

void os_dontneed(void *at, size_t bytes)
{
    if (bytes > 0 && madvise(at, bytes, MADV_DONTNEED) != 0)
        throw("pages of a reservation cannot be dropped");
}

/* This very process; newer than Debian 12's headers. */
#define SELF_FD (-10001)

STATIC_ASSERT(sizeof(struct os_range) == sizeof(struct iovec) &&
                  offsetof(struct os_range, bytes) == offsetof(struct iovec, iov_len),
              "a range is what the kernel calls an iovec");

void os_dontneed_many(const struct os_range *r, size_t n)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += r[i].bytes;
    if (n > 1 && !FAILURE(process_madvise) &&
        syscall(SYS_process_madvise, SELF_FD, r, n, MADV_DONTNEED, 0) == (long)bytes)
        return;
    for (size_t i = 0; i < n; i++)
        os_dontneed(r[i].at, r[i].bytes);
}

void os_renew(void *at, size_t bytes)
{
    if (mmap(at, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != at)
        throw("pages of a reservation cannot be renewed");
    advise(at, bytes);
}

/* True when a marker on this page stops the kernel's own read of it. */
static bool marker_bites(void *page)
{
    int fds[2];
    bool bites;
    if (madvise(page, os_page_bytes(), ADVICE_GUARD_INSTALL) != 0)
        return false;
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return false;
    bites = write(fds[1], page, 1) == -1 && errno == EFAULT;
    close(fds[0]);
    close(fds[1]);
    return bites;
}

static bool markers_work(void)
{
    size_t page = os_page_bytes();
    char *probe = FAILURE(guard_madvise) ? NULL : os_reserve(page, page);
    if (probe == NULL)
        return false;
    *(volatile char *)probe = 1;
    bool bites = marker_bites(probe);
    os_release(probe, page);
    return bites;
}

static void guard_init(void)
{
    int64_t maps = file_number("/proc/sys/vm/max_map_count", MAPS_DEFAULT);
    enum os_guard kind = OS_GUARD_NONE;
    if (markers_work())
        kind = OS_GUARD_MADVISE;
    else if (!FAILURE(guard_mprotect))
        kind = OS_GUARD_MPROTECT;
    store_relaxed(&guard_budget, maps > 2 * MAPS_RESERVE ? maps - MAPS_RESERVE : maps / 2);
    store_relaxed(&guard_kind, kind);
}

/* A guard gives way in the handler of a fault, which must not wait: then it is known
 * already. */
enum os_guard os_guard_kind(void)
{
    enum os_guard kind = load_relaxed(&guard_kind);
    if (kind != 0)
        return kind;
    pthread_once(&guard_once, guard_init);
    return load_relaxed(&guard_kind);
}

static bool protect_within_budget(void *at, size_t bytes)
{
    int64_t before = add_relaxed(&guard_budget, -MAPS_PER_GUARD);
    if (before >= MAPS_PER_GUARD && !FAILURE(guard_mprotect) &&
        mprotect(at, bytes, PROT_NONE) == 0)
        return true;
    add_relaxed(&guard_budget, MAPS_PER_GUARD);
    return false;
}

bool os_guard_install(void *at, size_t bytes)
{
    switch (os_guard_kind()) {
    case OS_GUARD_MADVISE:
        return madvise(at, bytes, ADVICE_GUARD_INSTALL) == 0;
    case OS_GUARD_MPROTECT:
        return protect_within_budget(at, bytes);
    case OS_GUARD_NONE:
        break;
    }
    return false;
}

void os_guard_remove(void *at, size_t bytes)
{
    enum os_guard kind = os_guard_kind();
    if (kind == OS_GUARD_MADVISE && madvise(at, bytes, ADVICE_GUARD_REMOVE) != 0)
        throw("a guard cannot be removed");
    if (kind != OS_GUARD_MPROTECT)
        return;
    if (mprotect(at, bytes, PROT_READ | PROT_WRITE) != 0)
        throw("a guard cannot be removed");
    add_relaxed(&guard_budget, MAPS_PER_GUARD);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* fix_test.c - floor fix: type-stable pools. */
#include "unit.h"

#include <string.h>

#include "fix/fix.h"
#include "os/os.h"

struct thing {
    uint64_t a;
    char pad[48];
    uint64_t z;
};

static struct fixpool pool = FIXPOOL_INIT(sizeof(struct thing));

static void objects_are_apart(void)
{
    static struct thing *all[20000];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        all[i] = fixpool_acquire(&pool);
        CHECK((uintptr_t)all[i] % CACHE_LINE == 0);
        CHECK(all[i]->a == 0 && all[i]->z == 0);
        all[i]->a = all[i]->z = i + 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        CHECK(all[i]->a == i + 1 && all[i]->z == i + 1);
    CHECK_EQ(fixpool_live(&pool), ARRAY_LEN(all));
    for (size_t i = 0; i < ARRAY_LEN(all); i += 2)
        fixpool_release(&pool, all[i]);
    CHECK(fixpool_check(&pool));
    size_t total = pool.total;
    for (size_t i = 0; i < ARRAY_LEN(all) / 2; i++)
        CHECK(((struct thing *)fixpool_acquire(&pool))->a % 2 == 1);
    CHECK_EQ(pool.total, total);
    CHECK(fixpool_check(&pool));
}

static void released_objects_keep_their_contents(void)
{
    struct thing *t = fixpool_acquire(&pool);
    memset(t, 0x5a, sizeof *t);
    fixpool_release(&pool, t);
    CHECK(t->a == 0x5a5a5a5a5a5a5a5au && t->z == t->a);
    CHECK(fixpool_acquire(&pool) == t);
    CHECK(t->a == 0x5a5a5a5a5a5a5a5au && t->z == t->a);
}

static void many_at_once(void)
{
    struct fixpool p;
    void *batch[32];
    fixpool_init(&p, 1);
    fixpool_acquire_many(&p, batch, 32);
    for (int i = 1; i < 32; i++)
        CHECK(batch[i] != batch[i - 1] && (uintptr_t)batch[i] % 16 == 0);
    CHECK_EQ(fixpool_live(&p), 32);
    fixpool_release_many(&p, batch, 32);
    CHECK_EQ(fixpool_live(&p), 0);
    CHECK(fixpool_check(&p));
    p.live++;
    CHECK(!fixpool_check(&p));
}

static void churn(void *arg)
{
    struct thing *mine[16];
    struct rand r;
    rand_seed(&r, (uintptr_t)arg);
    for (int i = 0; i < (unit_is_slow() ? 300 : 3000); i++) {
        size_t n = 1 + rand_below(&r, 16);
        for (size_t j = 0; j < n; j++) {
            mine[j] = fixpool_acquire(&pool);
            mine[j]->a = (uintptr_t)arg;
        }
        for (size_t j = 0; j < n; j++) {
            CHECK_EQ(mine[j]->a, (uintptr_t)arg);
            fixpool_release(&pool, mine[j]);
        }
    }
}

static void threads_share_a_pool(void)
{
    struct os_thread t[4];
    for (uintptr_t i = 0; i < 4; i++)
        CHECK(os_thread_start(&t[i], churn, (void *)(i + 1), 0));
    for (int i = 0; i < 4; i++)
        os_thread_join(&t[i]);
    CHECK_EQ(fixpool_live(&pool), 0);
    CHECK(fixpool_check(&pool));
}

static void count_each(void *object, void *arg)
{
    uint64_t *seen = arg;
    seen[0]++;
    seen[1] += *(uint64_t *)object;
}

/* Released ones too, over several chunks; nothing that was never handed out. */
static void each_is_shown(void)
{
    struct fixpool p = FIXPOOL_INIT(1000);
    uint64_t seen[2] = {0, 0}, sum = 0;
    fixpool_each(&p, count_each, seen);
    CHECK_EQ(seen[0], 0);
    void *half = NULL;
    for (uint64_t i = 1; i <= 2000; i++) {
        uint64_t *o = fixpool_acquire(&p);
        *o = i;
        sum += i;
        if (i == 1000)
            half = o;
    }
    fixpool_release(&p, half);
    fixpool_each(&p, count_each, seen);
    CHECK_EQ(seen[0], 2000);
    CHECK_EQ(seen[1], sum);
}

static void no_memory(void)
{
    CHECK(failure_arm("memory_reserve"));
    fixpool_acquire(&pool);
}

static const struct unit_case cases[] = {
    UNIT(objects_are_apart),
    UNIT(released_objects_keep_their_contents),
    UNIT(many_at_once),
    UNIT(threads_share_a_pool),
    UNIT(each_is_shown),
    UNIT_EXITS(no_memory, 2, "fatal error: runtime: out of memory\n"),
};

UNIT_MAIN(cases)

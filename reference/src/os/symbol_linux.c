/* SPDX-License-Identifier: BSD-3-Clause */
/* symbol_linux.c - names of the program's functions, from its own ELF file.
 *
 * Owns: the mapped file, the search by address.  Not here: walking frames (arch/frame.h),
 * what is printed (sched/dump.c).
 *
 * Idea: dladdr knows only what is exported, takes locks and may allocate.  The symbol table
 * of the executable lies in its file, which is mapped at the first question and stays
 * mapped; what it says is believed only as far as it lies inside the file.  Shared
 * libraries have no names here.  An answer is remembered in one word per place, so that a
 * dump of many goroutines that wait at one spot searches once.
 *
 *   I1  Nothing here locks or allocates: everything may be called in a signal handler.
 *   I2  image is const once state is READY.
 */
#define _GNU_SOURCE
#include "os.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEMORY_SLOTS 512u
#define ADDRESS_BITS 40
#define NO_SYMBOL ((UINT64_C(1) << (64 - ADDRESS_BITS)) - 1)

enum state { UNKNOWN, LOADING, READY, ABSENT };

static struct {
    const Elf64_Sym *symbols;
    size_t count;
    const char *names;
    size_t names_bytes;
    uintptr_t bias; /* address in memory minus address in the file */
} image;

static atomic_u32 state;
static atomic_u64 memory[MEMORY_SLOTS]; /* address << 24 | index of a symbol */

/* What the loader added to the file's addresses. */
static uintptr_t bias_find(void)
{
    const Elf64_Phdr *p = (const Elf64_Phdr *)(uintptr_t)getauxval(AT_PHDR);
    size_t n = getauxval(AT_PHNUM);
    for (size_t i = 0; p != NULL && i < n; i++)
        if (p[i].p_type == PT_PHDR)
            return (uintptr_t)p - p[i].p_vaddr;
    return 0; /* linked to one place */
}

static bool is_inside(uint64_t offset, uint64_t bytes, uint64_t size)
{
    return offset <= size && bytes <= size - offset;
}

/* The symbol table and the names that belong to it. */
static bool tables_find(const char *file, size_t size)
{
    const Elf64_Ehdr *h = (const void *)file;
    if (size < sizeof *h || __builtin_memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
        h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_shentsize != sizeof(Elf64_Shdr) ||
        !is_inside(h->e_shoff, (uint64_t)h->e_shnum * sizeof(Elf64_Shdr), size))
        return false;
    const Elf64_Shdr *sections = (const void *)(file + h->e_shoff);
    for (size_t i = 0; i < h->e_shnum; i++) {
        const Elf64_Shdr *s = &sections[i];
        if (s->sh_type != SHT_SYMTAB || s->sh_link >= h->e_shnum)
            continue;
        const Elf64_Shdr *names = &sections[s->sh_link];
        if (!is_inside(s->sh_offset, s->sh_size, size) ||
            !is_inside(names->sh_offset, names->sh_size, size) || names->sh_size == 0)
            return false;
        image.symbols = (const void *)(file + s->sh_offset);
        image.count = min_u64(s->sh_size / sizeof(Elf64_Sym), NO_SYMBOL);
        image.names = file + names->sh_offset;
        image.names_bytes = names->sh_size;
        return image.names[image.names_bytes - 1] == '\0';
    }
    return false;
}

static bool image_load(void)
{
    struct stat st;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    void *file = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    image.bias = bias_find();
    return file != MAP_FAILED && tables_find(file, (size_t)st.st_size);
}

/* Who comes while another thread loads does without names. */
static bool is_ready(void)
{
    uint32_t now = UNKNOWN;
    if (cas_acquire(&state, &now, LOADING)) {
        now = image_load() ? READY : ABSENT;
        store_release(&state, now); /* pairs with the failed cas_acquire above */
    }
    return now == READY;
}

/* A global name is better than a local one for the same function. */
static uint64_t search(uintptr_t at)
{
    uint64_t found = NO_SYMBOL;
    for (size_t i = 0; i < image.count; i++) {
        const Elf64_Sym *s = &image.symbols[i];
        if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || at < s->st_value ||
            at - s->st_value >= s->st_size || s->st_name >= image.names_bytes)
            continue;
        if (found == NO_SYMBOL || ELF64_ST_BIND(s->st_info) == STB_GLOBAL)
            found = i;
    }
    return found;
}

static uint64_t search_once(uintptr_t at)
{
    atomic_u64 *slot = &memory[mix64(at) % MEMORY_SLOTS];
    uint64_t known = load_relaxed(slot);
    if (known >> (64 - ADDRESS_BITS) == at && known != 0)
        return known & NO_SYMBOL;
    uint64_t found = search(at);
    store_relaxed(slot, (uint64_t)at << (64 - ADDRESS_BITS) | found);
    return found;
}

bool os_symbol(uintptr_t pc, struct os_symbol *out)
{
    *out = (struct os_symbol){.name = NULL};
    if (!is_ready())
        return false;
    uintptr_t at = pc - image.bias;
    if (at >> ADDRESS_BITS != 0)
        return false;
    uint64_t i = search_once(at);
    if (i == NO_SYMBOL)
        return false;
    out->name = image.names + image.symbols[i].st_name;
    out->offset = at - image.symbols[i].st_value;
    out->file_address = at;
    return true;
}

size_t os_program_path(char *buf, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", buf, size - 1);
    n = n < 0 ? 0 : n;
    buf[n] = '\0';
    return (size_t)n;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_help.c - imports and helper functions of the exported program.
 *
 * Owns: the Go text of each helper, printed only when the program uses it.  Not here: who
 * uses it. In the texts '@' stands for the prefix of names at the top level.
 */
#include <inttypes.h>

#include "export_go.h"

static const char bit_text[] = "func @bit(b bool) int64 {\n"
                               "\tif b {\n"
                               "\t\treturn 1\n"
                               "\t}\n"
                               "\treturn 0\n"
                               "}\n";

static const char catch_text[] = "func @catch(f func()) (v int64) {\n"
                                 "\tdefer func() {\n"
                                 "\t\tif r := recover(); r != nil {\n"
                                 "\t\t\tv = @code(r)\n"
                                 "\t\t}\n"
                                 "\t}()\n"
                                 "\tf()\n"
                                 "\treturn 0\n"
                                 "}\n";

static const char code_head[] = "func @code(r any) int64 {\n"
                                "\tswitch v := r.(type) {\n"
                                "\tcase nil:\n"
                                "\t\treturn -1000\n"
                                "\tcase int:\n"
                                "\t\treturn int64(v)\n"
                                "\tcase int64:\n"
                                "\t\treturn v\n"
                                "\t}\n"
                                "\ttext := fmt.Sprint(r)\n"
                                "\tswitch {\n";

static const struct {
    const char *part; /* of the text of Go's run-time error */
    int code;
    const char *cause; /* a statement that raises it */
} errors[] = {
    {"panic called with nil", CODE_PANIC_NIL, "panic(nil)"},
    {"send on closed channel", CODE_SEND_CLOSED, "c := make(chan int)\nclose(c)\nc <- 1"},
    {"close of closed channel", CODE_CLOSE_CLOSED,
     "c := make(chan int)\nclose(c)\nclose(c)"},
    {"close of nil channel", CODE_CLOSE_NIL, "var c chan int\nclose(c)"},
    {"makechan: size", CODE_MAKECHAN_SIZE, "size := -1\n_ = make(chan int, size)"},
    {"nil pointer dereference", CODE_NIL_DEREF, "var p *int\n*p = 1"},
    {"index out of range", CODE_INDEX, "var s []int\ns[0] = 1"},
    {"divide by zero", CODE_DIV_ZERO, "zero := 0\n_ = 1 / zero"},
    {"negative WaitGroup", CODE_WG_NEGATIVE, "var g sync.WaitGroup\ng.Done()"},
    {"WaitGroup", CODE_WG_MISUSE, "panic(\"sync: WaitGroup misuse\")"},
    {"non-positive interval", CODE_TICKER_PERIOD, "time.NewTicker(0)"},
};

static const char note_text[] = "var @loggedMu sync.Mutex\n"
                                "var @logged []string\n"
                                "\n"
                                "func @note(v int64) {\n"
                                "\t@loggedMu.Lock()\n"
                                "\tdefer @loggedMu.Unlock()\n"
                                "\t@logged = append(@logged, %s(v))\n"
                                "\tfmt.Printf(\"note: %%d\\n\", v)\n"
                                "}\n";

static const char log_text[] = "func @logText() string {\n"
                               "\t@loggedMu.Lock()\n"
                               "\tdefer @loggedMu.Unlock()\n"
                               "\tif len(@logged) == 0 {\n"
                               "\t\treturn \"-\"\n"
                               "\t}\n"
                               "\treturn strings.Join(@logged, \",\")\n"
                               "}\n";

static const char spin_text[] = "//go:noinline\n"
                                "func @spin(rounds int64) (sink int64) {\n"
                                "\tfor i := int64(0); i < rounds; i++ {\n"
                                "\t\tsink = sink*31 + i\n"
                                "\t}\n"
                                "\treturn sink\n"
                                "}\n";

static const char start_text[] = "var @start = time.Now()\n";

static const char fill_text[] = "// @fill writes v and the pattern that follows from it.\n"
                                "func @fill(b []byte, v int64) {\n"
                                "\tfor i := range b {\n"
                                "\t\tif i < 8 {\n"
                                "\t\t\tb[i] = byte(v >> (8 * i))\n"
                                "\t\t} else {\n"
                                "\t\t\tb[i] = byte(v*31 + int64(i)*7 + 13)\n"
                                "\t\t}\n"
                                "\t}\n"
                                "}\n";

static const char unpack_text[] = "// @unpack reads an element back; one that is neither "
                                  "whole nor, from a channel that may be\n"
                                  "// closed, zero is damaged: -1010.\n"
                                  "func @unpack(b []byte, open bool) int64 {\n"
                                  "\tvar v int64\n"
                                  "\tfor i := 0; i < len(b) && i < 8; i++ {\n"
                                  "\t\tv |= int64(b[i]) << (8 * i)\n"
                                  "\t}\n"
                                  "\twant := make([]byte, len(b))\n"
                                  "\tif !open && string(b) == string(want) {\n"
                                  "\t\treturn 0\n"
                                  "\t}\n"
                                  "\t@fill(want, v)\n"
                                  "\tif string(b) != string(want) {\n"
                                  "\t\treturn -1010\n"
                                  "\t}\n"
                                  "\treturn v\n"
                                  "}\n";

static const char ref_text[] = "func @ref(v int64) *int64 {\n"
                               "\treturn &v\n"
                               "}\n";

static const char deref_text[] = "func @deref(p *int64, open bool) int64 {\n"
                                 "\tif p == nil && open {\n"
                                 "\t\treturn -1010\n"
                                 "\t}\n"
                                 "\tif p == nil {\n"
                                 "\t\treturn 0\n"
                                 "\t}\n"
                                 "\treturn *p\n"
                                 "}\n";

/* Prints a text with its prefix, after an empty line. */
void go_print(struct exporter *x, const char *text)
{
    fputc('\n', x->out);
    for (; *text; text++) {
        if (*text == '@')
            fputs(x->prefix, x->out);
        else
            fputc(*text, x->out);
    }
}

static void print_code(struct exporter *x)
{
    go_print(x, code_head);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        fprintf(x->out, "\tcase strings.Contains(text, \"%s\"):\n\t\treturn %d\n",
                errors[i].part, errors[i].code);
    fputs("\t}\n\treturn -1013\n}\n", x->out);
}

static bool is_raised(const struct exporter *x, int code)
{
    return x->raised & (1u << (CODE_NIL - code));
}

static void print_raise(struct exporter *x)
{
    go_print(x, "// @raise panics with the run-time error that the code stands for.\n"
                "func @raise(v int64) {\n\tswitch v {\n");
    if (is_raised(x, CODE_NIL))
        fputs("\tcase -1000:\n\t\tpanic(nil)\n", x->out);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        if (!is_raised(x, errors[i].code))
            continue;
        fprintf(x->out, "\tcase %d:\n\t\t", errors[i].code);
        for (const char *s = errors[i].cause; *s; s++) {
            if (*s == '\n')
                fputs("\n\t\t", x->out);
            else
                fputc(*s, x->out);
        }
        fputc('\n', x->out);
    }
    fputs("\t}\n\tpanic(v)\n}\n", x->out);
}

static void print_text(struct exporter *x)
{
    go_print(x, "func @text(v int64) string {\n\tswitch v {\n");
    for (int64_t code = CODE_NIL; lit_code_name(code); code--)
        fprintf(x->out, "\tcase %" PRId64 ":\n\t\treturn \"%s\"\n", code,
                lit_code_name(code));
    fputs("\t}\n\treturn fmt.Sprint(v)\n}\n", x->out);
}

static bool shows_log(const struct lit_program *p)
{
    for (int i = 0; i < p->nterms; i++) {
        if (p->terms[i].is_log)
            return true;
    }
    return false;
}

void go_imports(struct exporter *x)
{
    static const struct {
        unsigned use;
        const char *path;
    } packages[] = {
        {0, "fmt"},
        {USE_OS, "os"},
        {USE_RUNTIME, "runtime"},
        {USE_STRINGS, "strings"},
        {USE_SYNC, "sync"},
        {USE_ATOMIC, "sync/atomic"},
        {USE_TIME, "time"},
        {USE_AT, "unsafe"},
        {USE_WEAK, "weak"},
    };
    unsigned uses = x->uses;
    if (uses & USE_NOTE)
        uses |= USE_SYNC;
    if ((uses & USE_CODE) || shows_log(x->p))
        uses |= USE_STRINGS;
    if ((uses & USE_RAISE) && is_raised(x, CODE_WG_NEGATIVE))
        uses |= USE_SYNC;
    if ((uses & USE_RAISE) && is_raised(x, CODE_TICKER_PERIOD))
        uses |= USE_TIME;
    if (uses & USE_KEEP)
        uses |= USE_AT;
    if (uses & USE_UNTIL)
        uses |= USE_ATOMIC | USE_RUNTIME | USE_TIME;
    if (uses & USE_COUNT)
        uses |= USE_RUNTIME;
    fputs("import (\n", x->out);
    for (size_t i = 0; i < sizeof packages / sizeof *packages; i++) {
        if (packages[i].use == 0 || (uses & packages[i].use))
            fprintf(x->out, "\t\"%s\"\n", packages[i].path);
    }
    fputs(")\n", x->out);
}

void go_helpers(struct exporter *x)
{
    static const struct {
        unsigned use;
        const char *text;
    } texts[] = {
        {USE_BIT, bit_text},
        {USE_CATCH, catch_text},
        {USE_SPIN, spin_text},
        {USE_START, start_text},
        {USE_REF, ref_text},
        {USE_DEREF, deref_text},
        {USE_FILL | USE_UNPACK, fill_text},
        {USE_UNPACK, unpack_text},
    };
    const unsigned coded_notes = USE_NOTE | USE_CODE;
    const bool is_coded = (x->uses & coded_notes) == coded_notes;
    if (is_coded)
        x->uses |= USE_TEXT;
    if (x->uses & USE_NOTE)
        go_print(x, go_text(x, note_text, is_coded ? "@text" : "fmt.Sprint"));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (x->uses & texts[i].use)
            go_print(x, texts[i].text);
    }
    if (shows_log(x->p))
        go_print(x, log_text);
    if (x->uses & USE_CODE)
        print_code(x);
    if (x->uses & USE_RAISE)
        print_raise(x);
    if (x->uses & USE_TEXT)
        print_text(x);
    for (int n = 0; n < 65536; n++) {
        if (x->sizes[n])
            go_print(x, go_text(x,
                                "func @pack%d(v int64) (e [%d]byte) {\n\t@fill(e[:], v)\n"
                                "\treturn e\n}\n",
                                n, n));
    }
}

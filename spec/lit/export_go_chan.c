/* SPDX-License-Identifier: BSD-3-Clause */
/* export_go_chan.c - channels, selects and timers in Go.
 *
 * Owns: receives in their three forms, ranges, select statements, timers.  Not here: the
 * rest (export_go_op.c).
 *
 * A receive that Go can assign directly is one line; else the element goes to `got` (and
 * whether the channel was open to `open`) and a second line takes it from there.  What a
 * timer's channel delivers counts as 1.
 */
#include <inttypes.h>

#include "export_go.h"

static bool is_timer(const struct lit_object *o)
{
    return o->kind == OBJ_TIMER || o->kind == OBJ_TICKER;
}

static bool is_plain(const struct lit_object *o)
{
    return o->kind == OBJ_NILCHAN ||
           (o->kind == OBJ_CHAN && (o->elem == 8 || o->elem == LIT_ELEM_OBJ));
}

static const char *channel(struct exporter *x, int obj)
{
    return is_timer(&x->p->objects[obj]) ? go_text(x, "%s.C", x->object[obj])
                                         : x->object[obj];
}

/* The value of the element `got`. */
static const char *unpack(struct exporter *x, const struct lit_object *o, const char *open)
{
    if (is_timer(o))
        return "1";
    if (is_plain(o))
        return "got";
    x->uses |= o->elem == LIT_ELEM_PTR ? USE_DEREF : USE_UNPACK;
    return go_text(x, "%s%s(got%s, %s)", x->prefix,
                   o->elem == LIT_ELEM_PTR ? "deref" : "unpack",
                   o->elem == LIT_ELEM_PTR ? "" : "[:]", open);
}

/* A receive as Go writes it, split in the operation and what has to follow it. */
struct receive {
    const char *head;  /* "v, open = <-c" */
    const char *value; /* expression to assign to d afterwards, or NULL */
    bool takes_open;   /* `open` to e afterwards */
};

static struct receive receive_new(struct exporter *x, const struct lit_instr *in)
{
    const struct lit_object *o = &x->p->objects[in->obj];
    struct receive r = {0};
    bool wants = go_is_wanted(x, &in->d), is_pair = in->op == OP_RECV2;
    bool direct = is_plain(o) && go_is_direct(x, &in->d);
    const char *left = direct ? go_target(x, &in->d) : wants && !is_timer(o) ? "got" : "_";
    r.takes_open = is_pair && go_is_wanted(x, &in->e);
    bool checks = wants && !direct && is_pair && !is_timer(o);
    if (wants && !direct)
        r.value = unpack(x, o, is_pair ? "open" : "false");
    bool opens = r.takes_open || (checks && !is_plain(o));
    bool declares =
        wants && !direct && !is_timer(o); /* got, and open with it, in their scope */
    const char *sign = declares ? ":=" : "=";
    x->needs_open |= opens && !declares;
    if (in->op == OP_RECV0)
        r.head = go_text(x, "<-%s", channel(x, in->obj));
    else if (is_pair)
        r.head = go_text(x, "%s, %s %s <-%s", left, opens ? "open" : "_", sign,
                         channel(x, in->obj));
    else
        r.head = go_text(x, "%s %s <-%s", left, sign, channel(x, in->obj));
    return r;
}

static void receive_rest(struct exporter *x, const struct lit_instr *in,
                         const struct receive *r)
{
    if (r->value)
        go_assign(x, &in->d, r->value);
    if (r->takes_open) {
        x->uses |= USE_BIT;
        go_assign(x, &in->e, go_text(x, "%sbit(open)", x->prefix));
    }
}

static void receive(struct exporter *x, const struct lit_instr *in)
{
    struct receive r = receive_new(x, in);
    const struct lit_object *o = &x->p->objects[in->obj];
    bool scoped = r.value && !is_timer(o); /* `got` is declared there */
    if (scoped) {
        go_line(x, "{");
        x->indent++;
    }
    go_line(x, "%s", r.head);
    receive_rest(x, in, &r);
    if (scoped) {
        x->indent--;
        go_line(x, "}");
    }
}

void go_range(struct exporter *x, const struct lit_instr *in)
{
    const struct lit_object *o = &x->p->objects[in->obj];
    if (!go_is_wanted(x, &in->d)) {
        go_line(x, "for range %s {", x->object[in->obj]);
        x->indent++;
    } else if (is_plain(o) && go_is_direct(x, &in->d)) {
        go_line(x, "for %s = range %s {", go_target(x, &in->d), x->object[in->obj]);
        x->indent++;
    } else {
        go_line(x, "for got := range %s {", x->object[in->obj]);
        x->indent++;
        go_assign(x, &in->d, unpack(x, o, "true"));
    }
}

static void select_statement(struct exporter *x, const struct lit_instr *in)
{
    if (in->ncases == 0) {
        go_line(x, "select {}");
        return;
    }
    go_line(x, "select {");
    for (int i = 0; i < in->ncases; i++) {
        const struct lit_case *c = &in->cases[i];
        struct lit_instr one = {
            .op = c->op, .obj = c->obj, .a = c->a, .d = c->d, .e = c->e};
        struct receive r = {0};
        if (c->op == OP_COUNT) {
            go_line(x, "default:");
        } else if (c->op == OP_SEND) {
            go_line(x, "case %s <- %s:", x->object[c->obj], go_element(x, c->obj, &c->a));
        } else {
            r = receive_new(x, &one);
            go_line(x, "case %s:", r.head);
        }
        x->indent++;
        receive_rest(x, &one, &r);
        if (go_is_wanted(x, &in->d))
            go_assign(x, &in->d, go_text(x, "%d", i));
        x->indent--;
    }
    go_line(x, "}");
}

/* A size that Go's compiler would refuse as a constant is given by a variable. */
static void make_channel(struct exporter *x, const struct lit_instr *in)
{
    const char *type = go_type(x, &x->p->objects[in->obj]), *name = x->object[in->obj];
    bool odd = in->a.kind == REF_IMM && (in->a.v < 0 || in->a.v > INT32_MAX);
    if (!odd) {
        go_line(x, "%s = make(chan %s, %s)", name, type, go_value(x, &in->a));
        return;
    }
    go_line(x, "size := int64(%" PRId64 ")", in->a.v);
    go_line(x, "%s = make(chan %s, size)", name, type);
}

bool go_chan_instr(struct exporter *x, const struct lit_instr *in)
{
    switch (in->op) {
    case OP_SEND:
        go_line(x, "%s <- %s", x->object[in->obj], go_element(x, in->obj, &in->a));
        return true;
    case OP_RECV0:
    case OP_RECV1:
    case OP_RECV2:
        receive(x, in);
        return true;
    case OP_CLOSE:
        go_line(x, "close(%s)", x->object[in->obj]);
        return true;
    case OP_LEN:
        go_assign(x, &in->d, go_text(x, "int64(len(%s))", channel(x, in->obj)));
        return true;
    case OP_CAP:
        go_assign(x, &in->d, go_text(x, "int64(cap(%s))", channel(x, in->obj)));
        return true;
    case OP_MAKE:
        make_channel(x, in);
        return true;
    case OP_SELECT:
        select_statement(x, in);
        return true;
    default:
        return false;
    }
}

/* A call whose result may be taken: a bool as 0 or 1. */
static void call_with_bool(struct exporter *x, const struct lit_instr *in, const char *call)
{
    if (!go_is_wanted(x, &in->d)) {
        go_line(x, "%s", call);
        return;
    }
    x->uses |= USE_BIT;
    go_assign(x, &in->d, go_text(x, "%sbit(%s)", x->prefix, call));
}

bool go_timer_instr(struct exporter *x, const struct lit_instr *in)
{
    const char *name = in->obj >= 0 ? x->object[in->obj] : "";
    bool is_ticker = in->obj >= 0 && x->p->objects[in->obj].kind == OBJ_TICKER;
    switch (in->op) {
    case OP_START:
        go_line(x, "%s = time.New%s(%s)", name, is_ticker ? "Ticker" : "Timer",
                go_span(x, &in->a, " * "));
        return true;
    case OP_AFTER:
        go_line(x, "%s = &time.Timer{C: time.After(%s)}", name, go_span(x, &in->a, " * "));
        return true;
    case OP_AFTERFUNC:
        go_line(x, "%s = time.AfterFunc(%s, %s)", name, go_span(x, &in->a, "*"),
                x->block[in->blk]);
        return true;
    case OP_AFTERFUNC1:
        go_line(x, "{");
        go_line(x, "\targument := %s", go_reference(x, SORT_POINTER, &in->b));
        go_line(x, "\t%s = time.AfterFunc(%s, func() {", name, go_span(x, &in->a, "*"));
        go_line(x, "\t\tp := argument");
        go_line(x, "\t\targument = nil");
        go_line(x, "\t\t%s(p)", x->block[in->blk]);
        go_line(x, "\t})");
        go_line(x, "}");
        return true;
    case OP_STOP:
        call_with_bool(x, in, go_text(x, "%s.Stop()", name));
        return true;
    case OP_RESET:
        call_with_bool(x, in, go_text(x, "%s.Reset(%s)", name, go_span(x, &in->a, " * ")));
        return true;
    case OP_SLEEP:
        go_line(x, "time.Sleep(%s)", go_span(x, &in->a, " * "));
        return true;
    case OP_NOW:
        x->uses |= USE_START | USE_TIME;
        go_assign(x, &in->d,
                  go_text(x, "int64(time.Since(%sstart) / time.Millisecond)", x->prefix));
        return true;
    default:
        return false;
    }
}

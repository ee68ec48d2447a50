#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"
#include "tests/model/script_parts.h"

enum { HEADER_BYTES = 52, NAMES = 20 };

static const struct twin_archive *archive(const struct script *s)
{
    return &s->twin->archive;
}

/* Mostly below n, now and then beyond. */
static uint64_t near(struct script *s, uint64_t n)
{
    return script_rarely(s, 20) ? n + script_below(s, 3)
                                : n - (n > 0 && script_rarely(s, 8));
}

/* Of the right length, mostly, and one of few. */
static ProtobufCBinaryData bytes(struct script *s, struct arena *arena,
                                 size_t len)
{
    return script_fill(arena, script_rarely(s, 60) ? len - 1 : len,
                       (char)('0' + script_below(s, 4)));
}

static ProtobufCBinaryData origin(struct script *s, struct arena *arena)
{
    static const char *const names[] = {"a.example/log", "b.example/log",
                                        "x.example/perch/30303030", "a+b",
                                        "a b"};

    if (script_rarely(s, 40)) {
        return script_fill(arena, 256, 'o');
    }
    return script_text(
        names[script_below(s, script_rarely(s, 9) ? COUNT(names) : 3)]);
}

void script_archive_put(struct script *s, struct arena *arena,
                        Perch__Command *c)
{
    Perch__ArchivePut *put = c->archive_put = MAKE(arena, archive_put);

    CODEC_SET(put, mode,
              (Perch__ArchiveMode)(script_rarely(s, 30)
                                       ? 3
                                       : 2 - script_rarely(s, 2) -
                                             script_rarely(s, 8)));
    put->has_mode = !script_rarely(s, 50);
    if (script_rarely(s, 3)) {
        CODEC_SET(put, origin, origin(s, arena));
    }
}

void script_archive_key(struct script *s, struct arena *arena,
                        Perch__Command *c)
{
    Perch__ArchiveKeyPut *put = c->archive_key_put =
        MAKE(arena, archive_key_put);

    CODEC_SET(put, node, 1 + script_below(s, 4));
    if (!archive(s)->has_log_key || script_rarely(s, 12)) {
        CODEC_SET(put, node, 0);
    }
    if (script_rarely(s, 40)) {
        CODEC_SET(put, node, 254 + script_below(s, 4));
    }
    CODEC_SET(put, public_key, bytes(s, arena, 32));
    if (script_rarely(s, 8)) {
        CODEC_SET(put, public_key, script_text(""));
    }
}

void script_archive_mark(struct script *s, struct arena *arena,
                         Perch__Command *c)
{
    Perch__ArchiveMark *mark = c->archive_mark = MAKE(arena, archive_mark);

    CODEC_SET(mark, records, near(s, archive(s)->tree.size));
    if (script_rarely(s, 12)) {
        CODEC_SET(mark, records,
                  script_below(s, (uint32_t)archive(s)->tree.size + 1));
    }
    if (script_rarely(s, 12)) {
        CODEC_SET(mark, state,
                  (Perch__ArchiveMark__State)(script_below(s, 3) +
                                              script_rarely(s, 9)));
    }
}

void script_checkpoint(struct script *s, struct arena *arena, Perch__Command *c)
{
    (void)s;
    c->checkpoint_begin = MAKE(arena, checkpoint_begin);
}

void script_cosign(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__Cosign *cosign = c->cosign = MAKE(arena, cosign);
    const struct twin_checkpoint *of =
        archive(s)->open.is && !script_rarely(s, 4) ? &archive(s)->open
                                                    : &archive(s)->published;

    CODEC_SET(cosign, size, near(s, of->size));
    CODEC_SET(cosign, root, script_fill(arena, 32, 'r'));
    if (!script_rarely(s, 30)) {
        memcpy(cosign->root.data, of->root.bytes, 32);
    }
    cosign->root.len -= script_rarely(s, 60);
    if (!script_rarely(s, 3)) {
        CODEC_SET(cosign, log_signature, bytes(s, arena, 64));
    }
    CODEC_SET(cosign, time_s, script_rarely(s, 60) ? 0 : s->index);
    CODEC_SET(cosign, cosignature, bytes(s, arena, 64));
}

/* One of few; of many where there are to be as many as may be. */
static ProtobufCBinaryData name(struct script *s, struct arena *arena,
                                Perch__Command__KindCase kind)
{
    bool is_crowded = s->crowd == kind;
    ProtobufCBinaryData text = script_fill(arena, 2, 'a');

    text.data[1] += (uint8_t)script_below(s, is_crowded ? NAMES : 3);
    if (script_rarely(s, 30)) {
        text.data[script_below(s, 2)] = (uint8_t) "+ ./A"[script_below(s, 5)];
    }
    return text;
}

void script_witness_put(struct script *s, struct arena *arena,
                        Perch__Command *c)
{
    static const char *const urls[] = {"http://w", "http://v", "ftp://w"};
    Perch__WitnessPut *put = c->witness_put = MAKE(arena, witness_put);

    CODEC_SET(put, name, name(s, arena, c->kind_case));
    CODEC_SET(put, url,
              script_text(urls[script_below(s, script_rarely(s, 20) ? 3 : 2)]));
    CODEC_SET(put, public_key, bytes(s, arena, 32));
}

void script_witness_remove(struct script *s, struct arena *arena,
                           Perch__Command *c)
{
    c->witness_remove = MAKE(arena, witness_remove);
    CODEC_SET(c->witness_remove, name, name(s, arena, c->kind_case));
}

void script_witnessed(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__Witnessed *witnessed = c->witnessed = MAKE(arena, witnessed);

    CODEC_SET(witnessed, name, name(s, arena, c->kind_case));
    CODEC_SET(witnessed, size, near(s, archive(s)->published.size));
    CODEC_SET(witnessed, time_s,
              script_rarely(s, 30) ? script_below(s, 2) * (s->index / 2)
                                   : s->index);
    CODEC_SET(witnessed, cosignature, bytes(s, arena, 64));
}

static void say_type(struct script *s, struct arena *arena,
                     Perch__AdapterPut *put)
{
    uint32_t type = 1 + script_below(s, 7);

    CODEC_SET(put, type,
              (Perch__AdapterType)(script_rarely(s, 30) ? type + 6 : type));
    if (type == 7 || script_rarely(s, 12)) {
        CODEC_SET(put, program,
                  script_rarely(s, 12) ? script_text("/bin/sh")
                                       : script_text("mine"));
    } else {
        CODEC_SET(put, program, script_text(""));
    }
    (void)arena;
}

static void say_switches(struct script *s, Perch__AdapterPut *put)
{
    if (script_rarely(s, 4)) {
        CODEC_SET(put, one_room_per_file, script_rarely(s, 2));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(put, room_details, script_rarely(s, 2));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(put, user_details, script_rarely(s, 2));
    }
    if (script_rarely(s, 4)) {
        CODEC_SET(put, attachments_manifest, script_rarely(s, 2));
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(put, disabled, script_rarely(s, 3));
    }
}

void script_adapter_put(struct script *s, struct arena *arena,
                        Perch__Command *c)
{
    Perch__AdapterPut *put = c->adapter_put = MAKE(arena, adapter_put);

    CODEC_SET(put, name, name(s, arena, c->kind_case));
    if (script_rarely(s, 4)) {
        CODEC_SET(put, if_version, script_below(s, 4));
    }
    if (!script_rarely(s, 4)) {
        CODEC_SET(put, output,
                  script_text(script_rarely(s, 20) ? "two\nlines" : "/srv"));
    }
    if (script_rarely(s, 3)) {
        say_type(s, arena, put);
    }
    if (script_rarely(s, 3)) {
        CODEC_SET(put, run_interval_s,
                  script_rarely(s, 12) ? 59 * script_below(s, 50000)
                                       : 60 + script_below(s, 30));
    }
    say_switches(s, put);
    if (script_rarely(s, 9)) {
        CODEC_SET(put, transform,
                  script_rarely(s, 9) ? script_fill(arena, 262145, 't')
                                      : script_text("<xsl/>"));
    }
}

void script_adapter_remove(struct script *s, struct arena *arena,
                           Perch__Command *c)
{
    c->adapter_remove = MAKE(arena, adapter_remove);
    CODEC_SET(c->adapter_remove, name, name(s, arena, c->kind_case));
    if (script_rarely(s, 3)) {
        CODEC_SET(c->adapter_remove, if_version, script_below(s, 4));
    }
}

void script_cut(struct script *s, struct arena *arena, Perch__Command *c)
{
    c->cut = MAKE(arena, cut);
    CODEC_SET(c->cut, adapter,
              s->crowd == c->kind_case
                  ? script_text("aa")
                  : name(s, arena, PERCH__COMMAND__KIND_ADAPTER_PUT));
}

void script_cut_done(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__CutDone *done = c->cut_done = MAKE(arena, cut_done);
    const struct twin_adapter *adapter =
        &archive(s)->adapters[script_below(s, 3)];

    CODEC_SET(done, adapter, name(s, arena, c->kind_case));
    if (adapter->exists && !script_rarely(s, 20)) {
        done->adapter =
            codec_bytes(slice_of(adapter->name.bytes, adapter->name.len));
        CODEC_SET(done, last_csn, adapter->ends[0] - 1);
    }
    if (script_rarely(s, 12)) {
        CODEC_SET(done, last_csn,
                  script_below(s, (uint32_t)archive(s)->tree.size + 1));
    }
    CODEC_SET(done, sheet, bytes(s, arena, 32));
}

void script_adapter_report(struct script *s, struct arena *arena,
                           Perch__Command *c)
{
    Perch__AdapterReport *report = c->adapter_report =
        MAKE(arena, adapter_report);

    CODEC_SET(report, adapter,
              name(s, arena, PERCH__COMMAND__KIND_ADAPTER_PUT));
    CODEC_SET(report, error,
              script_rarely(s, 9) ? script_fill(arena, 501, 'e')
                                  : script_text("no disk"));
    CODEC_SET(report, attempts, script_below(s, 9));
}

static uint64_t seen(struct script *s)
{
    return archive(s)->tree.size + script_below(s, 6);
}

void script_halt(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__ArchiveHalt *halt = c->archive_halt = MAKE(arena, archive_halt);

    CODEC_SET(halt, witness, name(s, arena, c->kind_case));
    CODEC_SET(halt, size, seen(s));
    if (script_rarely(s, 6)) {
        CODEC_SET(halt, forked, true);
    }
}

void script_seen(struct script *s, Perch__NodeStarted *started)
{
    if (s->twin->rules < 4 || !script_rarely(s, 6)) {
        return;
    }
    CODEC_SET(started, witness, script_text(script_rarely(s, 2) ? "aa" : "ab"));
    CODEC_SET(started, witness_origin,
              script_rarely(s, 10)
                  ? script_text("another/log")
                  : codec_bytes(slice_of(archive(s)->origin.bytes,
                                         archive(s)->origin.len)));
    CODEC_SET(started, witness_size,
              script_rarely(s, 4) ? seen(s) : archive(s)->tree.size);
    if (script_rarely(s, 20)) {
        CODEC_SET(started, witness_forked, true);
    }
}

/* A record of a header alone, of a kind that brings no message back. */
static ProtobufCBinaryData record(struct script *s, struct arena *arena,
                                  uint64_t csn)
{
    ProtobufCBinaryData made = script_fill(arena, HEADER_BYTES, 0);
    int64_t time_us = archive(s)->record_us;

    made.data[0] = 1;
    made.data[1] = script_rarely(s, 2) ? 45 : 46;
    made.data[2] = 1;
    put_be64(made.data + 8, csn);
    if (script_rarely(s, 40)) {
        time_us += script_rarely(s, 2) ? -1 : INT64_C(1000000000000000);
    }
    put_be64(made.data + 32, (uint64_t)time_us);
    made.len -= script_rarely(s, 60);
    return made;
}

void script_refill(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__ArchiveRefill *refill = c->archive_refill =
        MAKE(arena, archive_refill);
    uint64_t next = archive(s)->tree.size;
    uint64_t missing = archive(s)->halted && archive(s)->seen > next
                           ? archive(s)->seen - next
                           : 3;

    CODEC_SET(refill, first_csn, near(s, next));
    refill->n_records =
        script_rarely(s, 12) ? script_below(s, 4) : (size_t)missing;
    if (script_rarely(s, 12)) {
        refill->n_records = 1025;
    }
    refill->records =
        arena_alloc(arena, (refill->n_records + 1) * sizeof(*refill->records));
    CHECK(refill->records != NULL);
    for (size_t i = 0; i < refill->n_records; i++) {
        refill->records[i] = record(s, arena, near(s, next + i));
        if (!script_rarely(s, 8)) {
            refill->records[i] = record(s, arena, next + i);
        }
    }
}

void script_reopen(struct script *s, struct arena *arena, Perch__Command *c)
{
    Perch__ArchiveReopen *reopen = c->archive_reopen =
        MAKE(arena, archive_reopen);

    if (script_rarely(s, 2)) {
        CODEC_SET(reopen, origin, origin(s, arena));
    }
    CODEC_SET(reopen, reason,
              script_text(script_rarely(s, 9) ? "" : "it is lost"));
}

/* What reading and writing typical XCCOS bodies costs.
 *
 *   bench_xccos    one line for each body: bytes, ns to read, ns to write
 *
 * Processor time of the best of several rounds, since other work on the
 * machine only adds. Not a test: it never fails for being slow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/base/arena.h"
#include "proto/base/buffer.h"
#include "proto/base/check.h"
#include "proto/xccos/read.h"
#include "proto/xccos/write.h"

enum { ROUNDS = 40, CALLS = 1000, ARENA_BYTES = 4096 };

#define ROOM "ma-chan://fjord.example/3b0f6c52-91de-4d7a-8a44-5be2c1d07a10"

static struct slice text_of(struct arena *arena, const char *unit, size_t bytes)
{
    char *text = arena_alloc(arena, bytes);
    size_t len = strlen(unit);

    CHECK(text != NULL);
    for (size_t i = 0; i < bytes; i++) {
        text[i] = unit[i % len];
    }
    return slice_of(text, bytes);
}

static struct xccos_message message_of(struct slice text)
{
    return (struct xccos_message){
        .room_uri = SLICE_LITERAL(ROOM),
        .author = SLICE_LITERAL("sip:tomas@fjord.example"),
        .author_name = SLICE_LITERAL("Tomas Vik"),
        .alert = XCCOS_FLAG_FALSE,
        .message_id = XCCOS_NUMBER(42),
        .sent_at = XCCOS_MOMENT(INT64_C(1927956669447183)),
        .text = text,
    };
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void read_once(struct slice body)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct xccos_envelope *envelope;

    CHECK(arena != NULL);
    CHECK(xccos_read(body, arena, &envelope) == XCCOS_ERROR_NONE);
    arena_free(arena);
}

static void write_once(const struct xccos_envelope *envelope,
                       struct buffer *out)
{
    buffer_clear(out);
    CHECK(xccos_write(out, envelope) == XCCOS_ERROR_NONE);
}

/* Read, or write when there is an envelope; ns for one, at best. */
static double measure_one(struct slice body,
                          const struct xccos_envelope *envelope,
                          struct buffer *out)
{
    double best = 1e18;

    for (int round = 0; round < ROUNDS; round++) {
        double begin = now_ns(), each;

        for (int i = 0; i < CALLS; i++) {
            if (envelope != NULL) {
                write_once(envelope, out);
            } else {
                read_once(body);
            }
        }
        each = (now_ns() - begin) / CALLS;
        best = each < best ? each : best;
    }
    return best;
}

static void measure(const char *name, struct xccos_primitive *primitive)
{
    struct xccos_envelope envelope = {UINT64_C(8800000000000000111), primitive,
                                      1};
    struct buffer out = BUFFER_EMPTY;
    double write_ns, read_ns;

    primitive->seqid = 1;
    write_ns = measure_one(SLICE_NONE, &envelope, &out);
    read_ns = measure_one(buffer_slice(&out), NULL, NULL);
    printf("%-34s %8zu bytes  read %9.0f ns  write %9.0f ns\n", name, out.len,
           read_ns, write_ns);
    buffer_deinit(&out);
}

static void measure_posts(struct arena *arena)
{
    static const struct {
        const char *name;
        const char *unit;
        size_t bytes;
    } posts[] = {
        {"grpchat, 20 bytes", "Berth 4 is free now.", 20},
        {"grpchat, 200 bytes", "Pilot boat leaves at 08:15. ", 200},
        {"grpchat, 200 bytes of markup", "a<b>&c;", 200},
        {"grpchat, 201 bytes of Japanese", "\xe6\xbd\xae\xe4\xbd\x8d", 201},
        {"grpchat, 8,000 bytes", "Pilot boat leaves at 08:15. ", 8000},
    };

    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        struct xccos_primitive post = {.kind = XCCOS_KIND_MESSAGE};

        post.message =
            message_of(text_of(arena, posts[i].unit, posts[i].bytes));
        measure(posts[i].name, &post);
    }
}

static void measure_commands(void)
{
    struct xccos_room_id rooms[24];
    struct xccos_primitive bjoin = {.kind = XCCOS_KIND_COMMAND,
                                    .verb = XCCOS_VERB_BJOIN,
                                    .data.room_ids = rooms};
    struct xccos_primitive requri = {.kind = XCCOS_KIND_COMMAND,
                                     .verb = XCCOS_VERB_REQURI};

    for (unsigned i = 0; i < 24; i++) {
        rooms[i] = (struct xccos_room_id){
            .next = i + 1 < 24 ? &rooms[i + 1] : NULL,
            .key = XCCOS_NUMBER(i),
            .domain = SLICE_LITERAL("fjord.example"),
            .guid = {{(uint8_t)(i + 1)}},
        };
    }
    measure("cmd:requri", &requri);
    measure("cmd:bjoin of 24 rooms", &bjoin);
}

static void measure_history(struct arena *arena)
{
    struct xccos_message messages[25];
    struct xccos_room room = {.uri = SLICE_LITERAL(ROOM), .messages = messages};
    struct xccos_primitive reply = {
        .kind = XCCOS_KIND_REPLY,
        .verb = XCCOS_VERB_BCCONTEXT,
        .command_seqid = XCCOS_NUMBER(1),
        .command_envid = XCCOS_NUMBER(310044707),
        .code = XCCOS_NUMBER(200),
        .sentence = SLICE_LITERAL("SUCCESS_OK"),
        .data.rooms = &room,
    };

    for (unsigned i = 0; i < 25; i++) {
        messages[i] = message_of(text_of(arena, "high water at noon ", 100));
        messages[i].next = i + 1 < 25 ? &messages[i + 1] : NULL;
    }
    measure("rpl:bccontext, 25 of 100 bytes", &reply);
}

int main(void)
{
    struct arena *arena = arena_new(64 * 1024);

    CHECK(arena != NULL);
    measure_posts(arena);
    measure_commands();
    measure_history(arena);
    arena_free(arena);
    return 0;
}

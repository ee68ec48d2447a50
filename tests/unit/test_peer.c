#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/peer.h"
#include "tests/unit/peer_samples.h"

struct scene {
    struct arena *arena;
    struct buffer bytes;
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    scene->arena = arena_new(1024);
    buffer_init(&scene->bytes);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    arena_free(scene->arena);
    buffer_deinit(&scene->bytes);
    free(scene);
    return 0;
}

static void assert_hex(struct slice bytes, const char *hex)
{
    struct buffer text = BUFFER_EMPTY;

    for (size_t i = 0; i < bytes.len; i++) {
        buffer_printf(&text, "%02x", bytes.data[i]);
    }
    buffer_append(&text, "", 1);
    assert_string_equal((const char *)text.data, hex);
    buffer_deinit(&text);
}

/* Every kind has the bytes it always had, and reading them gives all back:
 * what was read is written as the same bytes. */
static void test_peer_write__golden_bytes_both_ways(void **state)
{
    struct scene *scene = *state;
    struct peer_message back;

    for (size_t i = 0; i < PEER_SAMPLES; i++) {
        const struct peer_sample *sample = &peer_samples[i];

        buffer_clear(&scene->bytes);
        assert_int_equal(peer_write(&sample->message, &scene->bytes),
                         ERROR_NONE);
        assert_hex(buffer_slice(&scene->bytes), sample->hex);
        assert_int_equal(peer_read((uint8_t)sample->message.kind,
                                   buffer_slice(&scene->bytes), scene->arena,
                                   &back),
                         ERROR_NONE);
        assert_int_equal(back.kind, sample->message.kind);
        {
            struct buffer again = BUFFER_EMPTY;

            assert_int_equal(peer_write(&back, &again), ERROR_NONE);
            assert_hex(buffer_slice(&again), sample->hex);
            buffer_deinit(&again);
        }
    }
}

/* Each kind has a sample, so that the golden test forgets none. */
static void test_peer_samples__cover_every_kind(void **state)
{
    bool seen[PEER_KINDS] = {false};

    (void)state;
    for (size_t i = 0; i < PEER_SAMPLES; i++) {
        seen[peer_samples[i].message.kind] = true;
    }
    for (int kind = PEER_HELLO; kind < PEER_KINDS; kind++) {
        assert_true(seen[kind]);
    }
}

/* A message cut short anywhere is refused or, where the cut falls between
 * fields, a shorter message; it never reads beyond its bytes. */
static void test_peer_read__survives_every_cut(void **state)
{
    struct scene *scene = *state;
    struct peer_message back;

    for (size_t i = 0; i < PEER_SAMPLES; i++) {
        const struct peer_sample *sample = &peer_samples[i];

        buffer_clear(&scene->bytes);
        peer_write(&sample->message, &scene->bytes);
        for (size_t len = 0; len < scene->bytes.len; len++) {
            uint8_t *copy = malloc(len + 1); /* Exact, for the sanitizer. */

            memcpy(copy, scene->bytes.data, len);
            peer_read((uint8_t)sample->message.kind, slice_of(copy, len),
                      scene->arena, &back);
            free(copy);
        }
    }
}

static enum error read_hex(struct scene *scene, uint8_t kind, const char *hex)
{
    struct peer_message back = {.kind = 0};
    enum error error;
    unsigned byte;

    buffer_clear(&scene->bytes);
    for (size_t i = 0; hex[i] != '\0'; i += 2) {
        assert_int_equal(sscanf(hex + i, "%2x", &byte), 1);
        buffer_append(&scene->bytes, &(uint8_t){(uint8_t)byte}, 1);
    }
    error = peer_read(kind, buffer_slice(&scene->bytes), scene->arena, &back);
    assert_true(error == ERROR_NONE || back.kind == 0);
    return error;
}

/* Kinds that are none are not known, whatever their bytes. */
static void test_peer_read__unknown_kind(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(read_hex(scene, 0, ""), ERROR_UNSUPPORTED);
    assert_int_equal(read_hex(scene, PEER_KINDS, ""), ERROR_UNSUPPORTED);
    assert_int_equal(read_hex(scene, 255, "0801"), ERROR_UNSUPPORTED);
}

/* Counts, lengths and sums that do not agree are refused. */
static void test_peer_read__lying_entries(void **state)
{
    static const struct {
        const char *what;
        const char *hex;
    } lies[] = {
        {"no head length", ""},
        {"head longer than payload", "10000000"},
        {"head length of 4 GiB", "ffffffff00"},
        {"one length, no tail", "090000002a0105320101"
                                "3a0108"},
        {"tail shorter than its sum", "090000002a0105320101"
                                      "3a0108"
                                      "00000000000000"},
        {"tail longer than its sum", "090000002a0105320101"
                                     "3a0108"
                                     "000000000000000000"},
        {"tail without entries", "00000000"
                                 "0000000000000000"},
        {"an entry of no bytes", "090000002a0105320101"
                                 "3a0100"},
        {"not a multiple of 8", "090000002a0105320101"
                                "3a0104"
                                "00000000"},
        {"a term missing", "06000000320101"
                           "3a0108"
                           "0000000000000000"},
        {"a type missing", "060000002a0105"
                           "3a0108"
                           "0000000000000000"},
        {"type 0", "090000002a0105320100"
                   "3a0108"
                   "0000000000000000"},
        {"type 4", "090000002a0105320104"
                   "3a0108"
                   "0000000000000000"},
        {"a length of 4 GiB", "0d0000002a0105320101"
                              "3a05f8ffffff0f"
                              "0000000000000000"},
    };
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        if (read_hex(scene, PEER_APPEND_ENTRIES, lies[i].hex) !=
            ERROR_MALFORMED) {
            fail_msg("accepted: %s", lies[i].what);
        }
    }
    /* The same, told truly. */
    assert_int_equal(read_hex(scene, PEER_APPEND_ENTRIES,
                              "090000002a0105320101"
                              "3a0108"
                              "0000000000000000"),
                     ERROR_NONE);
}

/* Proposals and snapshots are held to the same. */
static void test_peer_read__lying_bulk(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(read_hex(scene, PEER_PROPOSE, "00000000"),
                     ERROR_MALFORMED);
    assert_int_equal(read_hex(scene, PEER_PROPOSE, "030000000a0108"),
                     ERROR_MALFORMED);
    assert_int_equal(
        read_hex(scene, PEER_PROPOSE, "030000000a0108000000000000000000"),
        ERROR_MALFORMED);
    assert_int_equal(read_hex(scene, PEER_INSTALL_SNAPSHOT, "020000002805aa"),
                     ERROR_MALFORMED);
    assert_int_equal(read_hex(scene, PEER_SNAPSHOT_FETCH, "1001"),
                     ERROR_MALFORMED);
    assert_int_equal(read_hex(scene, PEER_SNAPSHOT_FETCH, "20818010"),
                     ERROR_MALFORMED);
    assert_int_equal(
        read_hex(scene, PEER_SNAPSHOT_FETCH, "18ffffffffffffffffff012001"),
        ERROR_MALFORMED);
    assert_int_equal(read_hex(scene, PEER_REQUEST_VOTE_RESULT, "1803"),
                     ERROR_MALFORMED);
}

static const char hello_pool[] = "0a10000102030405060708090a0b0c0d0e0f";

static enum error read_hello(struct scene *scene, const char *rest)
{
    char hex[256];

    snprintf(hex, sizeof(hex), "%s%s", hello_pool, rest);
    return read_hex(scene, PEER_HELLO, hex);
}

/* A Hello that contradicts itself, or whose texts could forge a journal
 * line, is no Hello. */
static void test_peer_read__lying_hello(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(read_hello(scene, "10021802"
                                       "28013001"),
                     ERROR_NONE);
    assert_int_equal(read_hello(scene, "10021803"
                                       "28013001"),
                     ERROR_MALFORMED); /* raft id of another node */
    assert_int_equal(read_hello(scene, "10001800"
                                       "28013001"),
                     ERROR_MALFORMED); /* node 0 */
    assert_int_equal(read_hello(scene, "10820218820228013001"),
                     ERROR_MALFORMED); /* node 258 */
    assert_int_equal(read_hello(scene, "10021802"
                                       "28023001"),
                     ERROR_MALFORMED); /* versions 2 to 1 */
    assert_int_equal(read_hello(scene, "10021802"
                                       "3001"),
                     ERROR_MALFORMED); /* versions 0 to 1 */
    assert_int_equal(read_hello(scene, "10021802280130015a0161"), ERROR_NONE);
    assert_int_equal(read_hello(scene, "10021802280130015a010a"),
                     ERROR_MALFORMED); /* a line end */
    assert_int_equal(read_hello(scene, "10021802280130015a0122"),
                     ERROR_MALFORMED); /* a quote */
    assert_int_equal(read_hello(scene, "10021802280130015a0100"),
                     ERROR_MALFORMED); /* a NUL */
    assert_int_equal(read_hello(scene, "10021802280130015a01c3"),
                     ERROR_MALFORMED); /* not ASCII */
    assert_int_equal(read_hex(scene, PEER_HELLO,
                              "100218022801"
                              "3001"),
                     ERROR_MALFORMED); /* no pool */
}

/* A text is at most as long as its limit says. */
static void test_peer_read__long_text(void **state)
{
    struct scene *scene = *state;
    struct peer_message back;

    for (size_t len = PEER_DETAIL_BYTES_MAX; len <= PEER_DETAIL_BYTES_MAX + 1;
         len++) {
        uint8_t head[] = {0x12, (uint8_t)(len % 128 + 128),
                          (uint8_t)(len / 128)};
        enum error want =
            len > PEER_DETAIL_BYTES_MAX ? ERROR_MALFORMED : ERROR_NONE;

        buffer_clear(&scene->bytes);
        buffer_append(&scene->bytes, head, sizeof(head));
        for (size_t i = 0; i < len; i++) {
            buffer_append(&scene->bytes, "x", 1);
        }
        assert_int_equal(peer_read(PEER_REJECT, buffer_slice(&scene->bytes),
                                   scene->arena, &back),
                         want);
    }
}

/* A refusal of a later version is still a refusal. */
static void test_peer_read__unknown_refusal(void **state)
{
    struct scene *scene = *state;
    static const uint8_t later[] = {0x08, 0x63};
    struct peer_message back;

    assert_int_equal(peer_read(PEER_REJECT, slice_of(later, sizeof(later)),
                               scene->arena, &back),
                     ERROR_NONE);
    assert_int_equal(back.reject.refusal, PEER_REFUSAL_OTHER);
    assert_int_equal(peer_read(PEER_REJECT, SLICE_NONE, scene->arena, &back),
                     ERROR_NONE);
    assert_int_equal(back.reject.refusal, PEER_REFUSAL_OTHER);
}

/* A field of a later version is passed over, wherever it stands. */
static void test_peer_read__unknown_field(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(read_hex(scene, PEER_COMMIT_NOTE, "a2060361626308051002"),
                     ERROR_NONE);
}

/* What a head may cost to read is bounded, however its bytes are chosen: here
 * unknown fields, which cost the reader most. */
static void test_peer_read__bounded_memory(void **state)
{
    struct scene *scene = *state;
    struct peer_message back;
    uint8_t length[4] = {0, 0xf0, 1, 0}; /* 126,976 bytes of head. */

    buffer_append(&scene->bytes, length, sizeof(length));
    for (size_t i = 0; i < 126976 / 2; i++) {
        buffer_append(&scene->bytes, "\x78\x01", 2); /* Field 15, varint. */
    }
    assert_int_equal(peer_read(PEER_APPEND_ENTRIES, buffer_slice(&scene->bytes),
                               scene->arena, &back),
                     ERROR_TOO_LARGE);
    assert_true(arena_bytes(scene->arena) < 2 * PEER_DECODE_BYTES_MAX);
}

static struct peer_message message_of(const struct peer_entry *entries,
                                      size_t n)
{
    return (struct peer_message){
        .kind = PEER_APPEND_ENTRIES,
        .append_entries = {.term = 1, .entries = entries, .n = n},
    };
}

/* The most entries a message may have pass, and one more does not, neither
 * from this side nor from the other. */
static void test_peer_write__entries_limit(void **state)
{
    static const uint8_t eight[8];
    struct scene *scene = *state;
    struct peer_entry *entries = calloc(PEER_ENTRIES_MAX + 1, sizeof(*entries));
    struct peer_message message, back;

    for (size_t i = 0; i <= PEER_ENTRIES_MAX; i++) {
        entries[i] = (struct peer_entry){UINT64_MAX, PEER_ENTRY_COMMAND,
                                         slice_of(eight, sizeof(eight))};
    }
    message = message_of(entries, PEER_ENTRIES_MAX + 1);
    assert_int_equal(peer_write(&message, &scene->bytes), ERROR_TOO_LARGE);
    buffer_clear(&scene->bytes);
    message = message_of(entries, PEER_ENTRIES_MAX);
    assert_int_equal(peer_write(&message, &scene->bytes), ERROR_NONE);
    assert_int_equal(peer_read(PEER_APPEND_ENTRIES, buffer_slice(&scene->bytes),
                               scene->arena, &back),
                     ERROR_NONE);
    assert_int_equal(back.append_entries.n, PEER_ENTRIES_MAX);
    assert_true(back.append_entries.entries[4095].term == UINT64_MAX);
    free(entries);
}

/* Bulk bytes have a limit of their own; the caller is told to split. */
static void test_peer_write__bulk_limit(void **state)
{
    struct scene *scene = *state;
    uint8_t *bulk = calloc(1, PEER_BULK_BYTES_MAX);
    struct peer_entry entries[2] = {
        {1, PEER_ENTRY_COMMAND, slice_of(bulk, PEER_BULK_BYTES_MAX)},
        {1, PEER_ENTRY_COMMAND, slice_of(bulk, 8)},
    };
    struct peer_message message = message_of(entries, 2);
    struct slice parts[2] = {entries[0].bytes, entries[1].bytes};

    assert_int_equal(peer_write(&message, &scene->bytes), ERROR_TOO_LARGE);
    message = message_of(entries, 1);
    assert_int_equal(peer_write(&message, &scene->bytes), ERROR_NONE);
    message =
        (struct peer_message){.kind = PEER_PROPOSE, .propose = {parts, 2}};
    buffer_clear(&scene->bytes);
    assert_int_equal(peer_write(&message, &scene->bytes), ERROR_TOO_LARGE);
    free(bulk);
}

/* Heads of entries fit their limit at the worst values. */
static void test_peer_limits__fit_what_is_written(void **state)
{
    const struct frame_limits *limits = peer_limits();

    (void)state;
    assert_int_equal(limits->n, PEER_KINDS);
    assert_false(limits->kinds[0].known);
    for (size_t i = 0; i < PEER_SAMPLES; i++) {
        assert_true(strlen(peer_samples[i].hex) / 2 <=
                    limits->kinds[peer_samples[i].message.kind].bytes_max);
    }
    assert_int_equal(peer_greeting_limits()->n, PEER_REJECT + 1);
    assert_string_equal(peer_kind_name(PEER_PROPOSE_BUSY), "PROPOSE_BUSY");
    assert_string_equal(peer_kind_name(77), "UNKNOWN");
    assert_int_equal(peer_class_of(PEER_COMMIT_NOTE), PEER_CLASS_RAFT);
    assert_int_equal(peer_class_of(PEER_SNAPSHOT_CHUNK), PEER_CLASS_SNAPSHOT);
    assert_string_equal(peer_refusal_name(PEER_REFUSAL_FORGOTTEN), "FORGOTTEN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_IN(test_peer_write__golden_bytes_both_ways, set_up, tear_down),
        RUN(test_peer_samples__cover_every_kind),
        RUN_IN(test_peer_read__survives_every_cut, set_up, tear_down),
        RUN_IN(test_peer_read__unknown_kind, set_up, tear_down),
        RUN_IN(test_peer_read__lying_entries, set_up, tear_down),
        RUN_IN(test_peer_read__lying_bulk, set_up, tear_down),
        RUN_IN(test_peer_read__lying_hello, set_up, tear_down),
        RUN_IN(test_peer_read__long_text, set_up, tear_down),
        RUN_IN(test_peer_read__unknown_refusal, set_up, tear_down),
        RUN_IN(test_peer_read__unknown_field, set_up, tear_down),
        RUN_IN(test_peer_read__bounded_memory, set_up, tear_down),
        RUN_IN(test_peer_write__entries_limit, set_up, tear_down),
        RUN_IN(test_peer_write__bulk_limit, set_up, tear_down),
        RUN(test_peer_limits__fit_what_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

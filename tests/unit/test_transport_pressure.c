#include "tests/unit/stranger.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = PEER_CHUNK_BYTES_MAX, BATCH_BYTES = 1024 * 1024 };

/* Node 5 with a reader, node 2, that reads only when the test wants it. */
static void meet_reader(struct scene *scene, struct stranger *reader)
{
    struct peer_message message;

    scene_open_friends(scene);
    stranger_come_as(reader, &scene->stations[5], 2);
    stranger_hello(reader, 2);
    RUN_UNTIL(scene, stranger_hears(reader, PEER_HELLO, &message));
}

static uint64_t queued(struct scene *scene, enum peer_class which)
{
    return station_stats(&scene->stations[5], 2).queued_bytes[which];
}

/* Send chunks until neither the system nor the queue takes any more. */
static uint64_t fill_with_chunks(struct scene *scene)
{
    uint64_t sent = 0, before;

    do {
        before = sent;
        while (station_chunk(&scene->stations[5], 2, sent, CHUNK_BYTES) ==
               ERROR_NONE) {
            sent++;
        }
        scene_run_ms(scene, 100);
    } while (sent > before);
    return sent;
}

static enum error heartbeat(struct station *station, uint8_t to)
{
    struct peer_message message = {
        .kind = PEER_APPEND_ENTRIES,
        .append_entries = {.term = 9, .prev_log_index = 77},
    };

    return transport_send(station->transport, to, &message);
}

/* A heartbeat waits for what is on the wire, never for what is in the queue:
 * every chunk that still waited when it was sent comes after it, and all come
 * in order. */
static void test_pressure__heartbeat_passes_chunks(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger reader;
    struct peer_message message;
    uint64_t sent, waiting, before = 0, after = 0;
    bool beat = false;

    five->limits.silent_ms = 60000;
    meet_reader(scene, &reader);
    sent = fill_with_chunks(scene);
    waiting = queued(scene, PEER_CLASS_SNAPSHOT) / CHUNK_BYTES;
    assert_true(waiting >= 3);
    assert_true(sent > waiting);
    assert_int_equal(heartbeat(five, 2), ERROR_NONE);
    while (before + after < sent) {
        arena_free(reader.arena);
        reader.arena = arena_new(1024);
        if (!stranger_hear(&reader, 32 * 1024, &message)) {
            assert_false(reader.over);
            scene_step(scene);
            continue;
        }
        if (message.kind == PEER_APPEND_ENTRIES) {
            assert_int_equal(message.append_entries.prev_log_index, 77);
            beat = true;
        } else if (message.kind == PEER_SNAPSHOT_CHUNK) {
            assert_int_equal(message.snapshot_chunk.offset, before + after);
            before += !beat;
            after += beat;
        }
    }
    assert_true(beat);
    assert_int_equal(after, waiting);
    scene_check_friends(scene);
    stranger_leave(&reader);
}

/* What one write hands over is bounded too: little but the frame that was
 * begun stands between a heartbeat and the system. */
static void test_pressure__little_stands_before_the_queue(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct stranger reader;
    uint64_t sent;

    five->limits.silent_ms = 60000;
    meet_reader(scene, &reader);
    sent = fill_with_chunks(scene);
    /* One frame that was begun, and what the reader's system holds. */
    assert_true(sent * CHUNK_BYTES - queued(scene, PEER_CLASS_SNAPSHOT) <
                4 * CHUNK_BYTES);
    stranger_leave(&reader);
}

static enum error append(struct station *station, uint8_t to, size_t bytes)
{
    static uint8_t data[BATCH_BYTES];
    struct peer_entry entry = {1, PEER_ENTRY_COMMAND, slice_of(data, bytes)};
    struct peer_message message = {
        .kind = PEER_APPEND_ENTRIES,
        .append_entries = {.term = 1, .entries = &entry, .n = 1},
    };

    return transport_send(station->transport, to, &message);
}

static enum error propose(struct station *station, uint8_t to, size_t bytes)
{
    static uint8_t data[BATCH_BYTES];
    struct slice entry = slice_of(data, bytes);
    struct peer_message message = {.kind = PEER_PROPOSE,
                                   .propose = {&entry, 1}};

    return transport_send(station->transport, to, &message);
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* One class after the other: each of thousands of pings would else be tried
 * behind a megabyte that is refused. */
static void fill_all(struct station *five)
{
    while (append(five, 2, BATCH_BYTES) == ERROR_NONE) {
        continue;
    }
    while (propose(five, 2, BATCH_BYTES / 2) == ERROR_NONE) {
        continue;
    }
    while (station_chunk(five, 2, 0, CHUNK_BYTES) == ERROR_NONE) {
        continue;
    }
    while (station_ping(five, 2, 0) == ERROR_NONE) {
        continue;
    }
}

/* A peer that says it lives but takes nothing costs a bounded amount of
 * memory, all of which comes back when it is dropped as stuck. */
static void test_pressure__stuck_reader_is_bounded(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct peer_message alive = {.kind = PEER_ALIVE, .alive = {.answer = true}};
    size_t bounds = TRANSPORT_RAFT_BYTES_MAX + TRANSPORT_PROPOSAL_BYTES_MAX +
                    TRANSPORT_SNAPSHOT_BYTES_MAX + TRANSPORT_READ_BYTES_MAX;
    size_t begin, most = 0;
    struct stranger reader;

    five->limits = (struct transport_limits){.silent_ms = 1200};
    meet_reader(scene, &reader);
    begin = heap_bytes();
    while (five->disconnects == 0) {
        fill_all(five);
        stranger_say(&reader, &alive);
        assert_true(queued(scene, PEER_CLASS_RAFT) <= TRANSPORT_RAFT_BYTES_MAX);
        assert_true(queued(scene, PEER_CLASS_PROPOSAL) <=
                    TRANSPORT_PROPOSAL_BYTES_MAX);
        most = heap_bytes() - begin > most ? heap_bytes() - begin : most;
        scene_step(scene);
    }
    assert_int_equal(five->reason, TRANSPORT_STUCK);
    assert_int_equal(scene_lines(scene, "peer_dropped node=2", "reason=STUCK"),
                     1);
    assert_true(most < 2 * bounds + 4 * 1024 * 1024);
    scene_run_ms(scene, 20);
    assert_true(heap_bytes() < begin + 1024 * 1024);
    scene_check_friends(scene);
    stranger_leave(&reader);
}

/* The memory of a burst goes back though the connection stays. */
static void test_pressure__burst_gives_memory_back(void **state)
{
    enum { BURST = 6, KEPT_BYTES_MAX = 3 * 1024 * 1024 };
    struct scene *scene = *state;
    struct station *one = &scene->stations[1], *five = &scene->stations[5];
    size_t begin;

    scene_open_friends(scene);
    begin = heap_bytes();
    for (int i = 0; i < BURST; i++) {
        assert_int_equal(append(one, 5, BATCH_BYTES), ERROR_NONE);
    }
    assert_true(heap_bytes() == 0 || heap_bytes() > begin + KEPT_BYTES_MAX);
    RUN_UNTIL(scene, five->n_heard == BURST);
    scene_run_ms(scene, 20);
    assert_true(heap_bytes() < begin + KEPT_BYTES_MAX);
    scene_check_friends(scene);
}

/* A reader that is slow but reads is not stuck, however long its queue. */
static void test_pressure__slow_reader_stays(void **state)
{
    struct scene *scene = *state;
    struct station *five = &scene->stations[5];
    struct peer_message alive = {.kind = PEER_ALIVE, .alive = {.answer = true}};
    struct stranger reader;
    struct peer_message message;
    uint64_t end_us;

    five->limits = (struct transport_limits){.alive_ms = 100, .silent_ms = 600};
    meet_reader(scene, &reader);
    fill_with_chunks(scene);
    end_us = loop_now_us(scene->loop) + 2000000;
    while (loop_now_us(scene->loop) < end_us) {
        station_chunk(five, 2, 0, CHUNK_BYTES);
        stranger_hear(&reader, 64 * 1024, &message);
        stranger_say(&reader, &alive);
        scene_step(scene);
    }
    assert_int_equal(five->disconnects, 0);
    stranger_leave(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_PLAIN(test_pressure__heartbeat_passes_chunks),
        RUN_TLS(test_pressure__heartbeat_passes_chunks),
        RUN_PLAIN(test_pressure__little_stands_before_the_queue),
        RUN_PLAIN(test_pressure__stuck_reader_is_bounded),
        RUN_TLS(test_pressure__stuck_reader_is_bounded),
        RUN_PLAIN(test_pressure__burst_gives_memory_back),
        RUN_TLS(test_pressure__burst_gives_memory_back),
        RUN_PLAIN(test_pressure__slow_reader_stays),
        RUN_TLS(test_pressure__slow_reader_stays),
    };

    return cmocka_run_group_tests(tests, scene_make_certificates, NULL);
}

/* What the state loop costs, from an edge's letter to the letters for edges:
 * rules, rows (the store's twin in memory) and sessions, without SIP and log.
 *
 *   bench_sessions    posts into rooms of several sizes, a bjoin of many rooms,
 *                     searches in a pool of many rooms
 *
 * Processor time of this thread. Not a test: it never fails for being slow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proto/base/check.h"
#include "proto/base/journal.h"
#include "tests/unit/stage.h"

enum { POSTS = 2000, BATCH = 20, ROOMS = 33000, SEARCHES = 20 };

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct stage *begin(void)
{
    void *state = NULL;
    struct stage *s;

    stage_setup(&state);
    s = state;
    s->count_only = true;
    stage_set(s, SETTING_USER_SESSIONS_MAX, 65536);
    return s;
}

static edge_ref enter(struct stage *s, unsigned number)
{
    char endpoint[16];
    edge_ref dialog;

    snprintf(endpoint, sizeof(endpoint), "e%u", number);
    dialog = stage_dial_on(s, (uint8_t)(number % 2), 0, ALICE, endpoint, false);
    stage_send(
        s, dialog,
        "<xccos ver=\"1\" envid=\"6\" xmlns=\"urn:parlano:xml:ns:xccos\">"
        "<cmd id=\"cmd:join\" seqid=\"1\"><data><chanid key=\"0\" "
        "domain=\"example.com\" value=\"" LOBBY_ID "\"/></data></cmd></xccos>");
    return dialog;
}

static void measure_posts(unsigned size)
{
    struct stage *s = begin();
    edge_ref author = enter(s, 0);
    double began;

    for (unsigned i = 1; i < size; i++) {
        enter(s, i);
        if (i % 1000 == 0) {
            stage_commit(s);
        }
    }
    stage_commit(s);
    s->bodies = 0;
    began = now_us();
    for (unsigned i = 0; i < POSTS; i++) {
        stage_post(s, author, ALICE, LOBBY,
                   "Berth four is free from nine, the crane is down until "
                   "noon; ask Ingrid about the tide.");
        if (i % BATCH == BATCH - 1) {
            stage_commit(s);
        }
    }
    began = now_us() - began;
    CHECK(s->answers == POSTS && s->bodies == (size_t)POSTS * size);
    printf("post to %5u dialogs   %8.1f us   %6.3f us a delivery\n", size,
           began / POSTS, began / (double)s->bodies);
    stage_teardown((void **)&s);
}

/* What each search costs when it walks through all rooms at once: time stands
 * still here, so that a turn does not end. The first of a kind folds names. */
static void measure_searches(void)
{
    static const char *const searches[] = {
        "criteria=\"\"", /* Refused: more rooms than a reply holds. */
        "criteria=\"nowhere\"",
        "criteria=\"room 321\"",
        "criteria=\"\xc3\x84RGER 77\"",
        ("criteria=\"quite unlike anything\" extended=\"true\" "
         "matchall=\"false\""),
        "qtype=\"MINE\" criteria=\"\"",
        "qtype=\"BYMEMBER\" criteria=\"sip:bob@example.com\"",
        "criteria=\"\" privacy=\"PRIVATE\"",
    };
    struct stage *s = begin();
    edge_ref dialog = stage_dial(s, ALICE, "a");
    char guid[40], name[64], body[512];
    double began;

    for (unsigned i = 0; i < ROOMS; i++) {
        snprintf(guid, sizeof(guid), "33333333-3333-3333-3333-3333%08u", i);
        snprintf(name, sizeof(name), "%s room %u",
                 i % 10 == 0 ? "\xc3\x84rger" : "Some", i);
        stage_room(s, guid, name, "What it is for", true);
    }
    for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
        snprintf(body, sizeof(body),
                 "<xccos ver=\"1\" envid=\"6\" "
                 "xmlns=\"urn:parlano:xml:ns:xccos\"><cmd id=\"cmd:chansrch\" "
                 "seqid=\"1\"><data><qib %s/></data></cmd></xccos>",
                 searches[i]);
        began = now_us();
        for (unsigned j = 0; j < SEARCHES; j++) {
            stage_say(s, dialog, body);
        }
        printf("search in %d rooms %8.0f us   %s\n", ROOMS,
               (now_us() - began) / SEARCHES, searches[i]);
    }
    stage_teardown((void **)&s);
}

int main(void)
{
    static const unsigned sizes[] = {1, 10, 75, 1000, 10000};

    journal_configure(JOURNAL_ERROR, false, false);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        measure_posts(sizes[i]);
    }
    measure_searches();
    return 0;
}

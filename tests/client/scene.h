/* A stage for clients: a pool, some clients on its loop, and what they were
 * told.
 */
#ifndef TESTS_CLIENT_SCENE_H
#define TESTS_CLIENT_SCENE_H

#include "ops/client/ask.h"
#include "tests/client/pool.h"
#include "tests/unit/test.h"

enum { TOLD_MAX = 4096, OWNERS_MAX = 4, WAIT_MS = 10 * 1000 };

/* One event, copied. */
struct told {
    enum client_event_kind kind;
    char room[128];
    enum client_state state;
    enum client_cause cause;
    char text[256]; /* Of a message, a person's URI, a reason, a server. */
    uint64_t id;    /* Of a message; first of a gap. */
    uint64_t last_id;
    uint64_t token;
    enum client_result result;
    enum client_left why;
    unsigned code;
    bool is_live, is_own, is_again;
    char retry_id[80];
    unsigned n;     /* Rooms or messages of a reply; people of a join. */
    char list[512]; /* Their names or ids, with blanks between. */
    uint32_t retry_in_ms;
};

struct owner {
    struct scene *scene;
    struct client *client;
    struct told told[TOLD_MAX];
    int n;
    void (*on_event)(struct owner *owner, const struct client_event *event);
};

struct scene {
    struct loop *loop;
    struct pool *pool;
    struct owner *owners[OWNERS_MAX];
    int owners_n;
    struct timer *watch;
    uint64_t give_up_us;
    bool (*is_met)(struct scene *scene, const void *by);
    const void *by;
    bool was_met;
    struct client_limits limits; /* Short ones. */
    char servers[512];           /* Of all nodes. */
};

/** Set up and take down, for cmocka. */
int scene_setup(void **state);
int scene_teardown(void **state);

/** Add nodes without TLS; servers then names all nodes. */
void scene_nodes(struct scene *scene, int n);

/** Name all nodes in servers, as this host. */
void scene_name_servers(struct scene *scene, const char *host);

/** Make a client of a user, not started. settings may be NULL. */
struct owner *scene_client(struct scene *scene, const char *user,
                           const struct client_settings *settings);

/** Make one and wait until it is online. */
struct owner *scene_online(struct scene *scene, const char *user);

/** Join a room and wait until it is in and its past is known. */
void scene_join(struct owner *owner, int room, uint32_t history_n);

/** Have a pool of so many nodes, and a client in its one room: all of the three
 * above. */
struct owner *scene_in_room(struct scene *scene, int nodes, uint32_t history_n,
                            int *room_out);

/** Let one kind of request go wrong so many times, on a node. */
void scene_fault(struct scene *scene, const char *what, int node,
                 unsigned times, enum pool_fault kind, int status);

/** Run the loop until a test is met. Returns false after WAIT_MS. */
bool scene_until(struct scene *scene,
                 bool (*is_met)(struct scene *scene, const void *by),
                 const void *by);

/** Run the loop for so long. */
void scene_run(struct scene *scene, uint32_t ms);

/** Wait until a client is in a state. */
void scene_state(struct owner *owner, enum client_state state);

/** Wait for the nth (from 0) event of a kind. */
const struct told *scene_told(struct owner *owner, enum client_event_kind kind,
                              int n);

/** Count the events of a kind so far. */
int told_count(const struct owner *owner, enum client_event_kind kind);

/** The nth event of a kind so far, or NULL. */
const struct told *told_nth(const struct owner *owner,
                            enum client_event_kind kind, int n);

/** Wait for what becomes of a post or question. */
const struct told *scene_end(struct owner *owner, uint64_t token);

/** Post into a room, within ms. */
uint64_t scene_post(struct owner *owner, int room, const char *text,
                    uint32_t within_ms);

/** The messages told of a room: ids with blanks between, "-" for a gap. */
const char *told_ids(const struct owner *owner, int room);

/** Wait until the messages told of a room are these. */
void scene_ids(struct owner *owner, int room, const char *ids);

/** A room's URI. */
struct slice room_uri(const struct scene *scene, int room);

#endif

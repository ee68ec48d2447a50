/* A stage for transports: several in one process on one loop, and strangers
 * who speak to them as they like.
 *
 * Thread: the test's.
 */
#ifndef TESTS_UNIT_TRANSPORT_SCENE_H
#define TESTS_UNIT_TRANSPORT_SCENE_H

#include <stdlib.h>

#include <openssl/ssl.h>

#include "proto/base/os/loop_uv.h"
#include "proto/frame.h"
#include "raft/transport.h"
#include "tests/unit/test.h"

enum { STATIONS_MAX = 6, HEARD_MAX = 8192, LINES_MAX = 256 };

/* What a station was told or sent. */
struct heard {
    uint8_t node;
    uint8_t kind;    /* A message's. */
    uint64_t number; /* A ping's seq, a chunk's offset, a note's index. */
};

struct scene;

/* A transport and what it has said to its owner. */
struct station {
    struct scene *scene;
    struct transport *transport; /* NULL while it is closed. */
    uint8_t node;
    uint16_t port; /* Kept when it is closed and opened again. */
    uint64_t raft_id;
    struct guid pool;
    uint32_t version; /* Its Hello's lowest and highest. */
    struct transport_limits limits;
    const char *host;         /* How others find it; 127.0.0.1 when NULL. */
    const char *certificates; /* Directory; the scene's when NULL. */
    const char *name;         /* File name there; "node<node>" when NULL. */
    enum peer_refusal admits; /* What it answers in admit. */
    int connects, disconnects;
    enum transport_reason reason; /* Of the last disconnect. */
    struct peer_hello hello;      /* Of the last connect. */
    struct heard heard[HEARD_MAX];
    size_t n_heard;
    void (*on_message)(struct station *station, uint8_t node,
                       const struct peer_message *message);
    void (*on_connected)(struct station *station, uint8_t node);
    void (*on_disconnected)(struct station *station, uint8_t node);
};

struct scene {
    struct loop *loop;
    bool plain;
    struct station stations[STATIONS_MAX]; /* By node id. */
    char *lines[LINES_MAX];                /* The journal's. */
    size_t n_lines;
};

/** Make the directory of certificates: nodes 1 to 5. For a whole group. */
int scene_make_certificates(void **state);

/** Set up a scene without TLS. */
int scene_set_up_plain(void **state);

/** Set up a scene with TLS. */
int scene_set_up_tls(void **state);

/** Close what is open and free. */
int scene_tear_down(void **state);

/** Make a directory of certificates with more arguments to make-certs. */
const char *scene_certificates(const char *folder, const char *arguments);

/** Fill the settings a station opens with; nodes must outlive them. */
struct transport_settings scene_settings(struct station *station,
                                         struct transport_node *nodes);

/** Open a station that knows these other nodes, by their stations' ports. */
void station_open(struct station *station, const uint8_t *others, size_t n);

/** Close a station; it can be opened again, on the same port. */
void station_close(struct station *station);

/** Open stations 1 and 5, of which 1 dials, and wait until they met. */
void scene_open_friends(struct scene *scene);

/** Check that these two never lost each other, and that they still talk. */
void scene_check_friends(struct scene *scene);

/** Send a ping. */
enum error station_ping(struct station *station, uint8_t to, uint64_t seq);

/** Send a snapshot chunk of that many bytes. */
enum error station_chunk(struct station *station, uint8_t to, uint64_t offset,
                         size_t bytes);

/** Read a station's counts of a node. */
struct transport_stats station_stats(struct station *station, uint8_t node);

/** Let the loop do what is due, waiting for at most one tick. */
void scene_step(struct scene *scene);

/** Let the loop run for a time. */
void scene_run_ms(struct scene *scene, unsigned ms);

/** Count the journal's lines that contain both texts. */
int scene_lines(struct scene *scene, const char *one, const char *other);

/** Stop the test with the journal so far. */
void scene_fail(struct scene *scene, const char *what, int line);

/* A test in a scene with or without TLS. */
#define RUN_PLAIN(test)                                                        \
    cmocka_unit_test_setup_teardown(test, scene_set_up_plain, scene_tear_down)
#define RUN_TLS(test)                                                          \
    {                                                                          \
#test "__tls", test, scene_set_up_tls, scene_tear_down, NULL           \
    }

/* Run until something is true, for 20 seconds at most. */
#define RUN_UNTIL(scene, condition)                                            \
    do {                                                                       \
        uint64_t end_us_ = loop_now_us((scene)->loop) + 20000000;              \
        while (!(condition)) {                                                 \
            if (loop_now_us((scene)->loop) > end_us_) {                        \
                scene_fail((scene), #condition, __LINE__);                     \
            }                                                                  \
            scene_step(scene);                                                 \
        }                                                                      \
    } while (0)

#endif

/* A real edge on loopback with a scripted state loop behind it.
 *
 * The state loop runs on a thread of its own; it knows a few users, keeps a
 * record of every intake, and answers as it is told to.
 */
#ifndef TESTS_SIP_SCENE_H
#define TESTS_SIP_SCENE_H

#include <pthread.h>

#include "node/sip/edge.h"

#define DOMAIN   "fjord.example"
#define POOL_URI "sip:pool@" DOMAIN
#define NODE_URI "sip:node2@" DOMAIN

enum { RECORDS_MAX = 65536, WAIT_MS = 5000 };

/* An intake, as it came. Texts are owned by the scene. */
struct sighting {
    enum intake_kind kind;
    edge_ref ref;
    uint64_t token;
    uint64_t log_index; /* Delivered, */
    uint32_t replies;   /* likewise. */
    edge_ref connection;
    bool resumes;
    enum dialog_end end;
    char *user_uri;
    char *endpoint_id;
    char *pool_uri;
    char *peer;
    char *body;
    bool seen; /* scene_expect has given it out. */
};

struct scene {
    struct edge *edge;
    struct edge_settings settings;
    struct edge_listener listeners[4];
    struct loop *loop; /* The state loop's. */
    struct letters *intake;
    pthread_t thread;
    pthread_mutex_t lock; /* Guards the records. */
    pthread_cond_t news;
    struct sighting *records;
    size_t n;
    atomic_bool mute;         /* Sign-ins are not answered. */
    atomic_int policy;        /* What is said of it: 200, when 0; 403; 503. */
    atomic_bool not_ready;    /* They are answered so. */
    atomic_bool no_bare_hash; /* There is no HA1 of the bare user name. */
    atomic_bool hold;         /* Posts wait for scene_answer. */
    atomic_bool echo;         /* Every request comes back as a body. */
    atomic_bool stop;
    atomic_bool asleep; /* The state loop takes nothing. */
    struct letters *wake;
};

/* Listeners of scene_open. */
enum { LISTENER_OPEN, LISTENER_DIGEST, LISTENER_TLS, LISTENERS };

/** Open with these limits. TLS files are made in a folder of /tmp. */
struct scene *scene_open(const struct edge_limits *limits);

/** Close and free; checks that every dialog that began has ended once. */
void scene_close(struct scene *scene);

/** The port of a listener. */
uint16_t scene_port(struct scene *scene, size_t listener);

/** Wait for the next intake of a kind; fails the test when none comes. */
struct sighting scene_expect(struct scene *scene, enum intake_kind kind);

/** Wait a little, and check that no more intakes of a kind have come. */
void scene_expect_none(struct scene *scene, enum intake_kind kind);

/** Count the intakes of a kind so far. */
size_t scene_count(struct scene *scene, enum intake_kind kind);

/** Answer a held post. */
void scene_answer(struct scene *scene, const struct sighting *post, int status,
                  const char *reason);

/** Deliver a body to n dialogs. */
void scene_deliver(struct scene *scene, const edge_ref *dialogs, size_t n,
                   const char *body, uint64_t log_index);

/** Deliver a body to one dialog alone, as a reply of this number. */
void scene_deliver_reply(struct scene *scene, edge_ref dialog, const char *body,
                         uint32_t reply);

/** Have the connections of a user that have no dialog closed. */
void scene_deliver_dismiss(struct scene *scene, const char *user_uri);

/** Have the edge close the connections of dialogs. */
void scene_deliver_close(struct scene *scene, const edge_ref *dialogs,
                         size_t n);

/** Wait until a metric has at least a value; fails the test otherwise. */
void scene_wait_metric(struct scene *scene, enum edge_metric metric,
                       uint64_t at_least);

/** Wait until a gauge has come down to a value. */
void scene_wait_gauge(struct scene *scene, enum edge_metric metric,
                      uint64_t value);

/** Wait until all connections are gone, and count the bytes that this process
 * then has allocated. */
size_t scene_memory(struct scene *scene);

/** The monotonic clock in milliseconds. */
uint64_t now_ms(void);

/** Write a new certificate and key for a name over the scene's files. */
void scene_renew_certificate(struct scene *scene, const char *name, int days);

#endif

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "ops/bench/calls.h"
#include "ops/bench/child.h"
#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/etcd.pb-c.h"
#include "ops/bench/grpc.h"
#include "ops/bench/interrupt.h"
#include "ops/bench/lane.h"
#include "ops/bench/modes.h"

enum {
    MEMBERS = 3,
    READY_S = 30,        /* For three members to elect a leader. */
    READY_POLL_MS = 100, /* Between two tries. */
    KEYS = 100 * 1000,   /* Written in turn. */
    KEY_BYTES = 32,
    ARGUMENT_BYTES = 512,
};

#define PUT     "/etcdserverpb.KV/Put"
#define STATUS  "/etcdserverpb.Maintenance/Status"
#define PROGRAM "etcd"

/* The tag of a question for the leader; a put has the moment it began. */
enum { STATUS_TAG = 0 };

struct etcd {
    const struct bench *bench;
    char directory[PATH_MAX];
    uint16_t client_ports[MEMBERS], peer_ports[MEMBERS];
    pid_t pids[MEMBERS];
    struct grpc *members[MEMBERS];
    int epoll;
    uint8_t *value;
    uint64_t puts;
    unsigned next;  /* Member. */
    bool to_leader; /* Puts are not spread. */
    bool leads;     /* The member asked last is the leader. */
    struct calls calls;
};

static void log_file(const struct etcd *etcd, unsigned i, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%.*s/m%u.log", PATH_MAX - 16, etcd->directory,
             i + 1);
}

static enum error start_member(struct etcd *etcd, unsigned i)
{
    char name[8], data[PATH_MAX + 8], log[PATH_MAX];
    char peer[64], client[64], cluster[ARGUMENT_BYTES];
    const uint16_t *peers = etcd->peer_ports;
    const char *const argv[] = {PROGRAM,
                                "--name",
                                name,
                                "--data-dir",
                                data,
                                "--listen-peer-urls",
                                peer,
                                "--initial-advertise-peer-urls",
                                peer,
                                "--listen-client-urls",
                                client,
                                "--advertise-client-urls",
                                client,
                                "--initial-cluster",
                                cluster,
                                "--initial-cluster-state",
                                "new",
                                "--peer-auto-tls",
                                "--logger",
                                "zap",
                                "--log-level",
                                "error",
                                "--quota-backend-bytes",
                                "8589934592",
                                NULL};

    snprintf(name, sizeof(name), "m%u", i + 1);
    snprintf(data, sizeof(data), "%s/%s", etcd->directory, name);
    snprintf(peer, sizeof(peer), "https://127.0.0.1:%u", peers[i]);
    snprintf(client, sizeof(client), "http://127.0.0.1:%u",
             etcd->client_ports[i]);
    snprintf(cluster, sizeof(cluster),
             "m1=https://127.0.0.1:%u,m2=https://127.0.0.1:%u,"
             "m3=https://127.0.0.1:%u",
             peers[0], peers[1], peers[2]);
    log_file(etcd, i, log);
    return child_start(argv, log, &etcd->pids[i]);
}

/* A member says who it is and who leads. */
static void take_status(struct etcd *etcd, struct slice message)
{
    Etcdserverpb__StatusResponse *response =
        etcdserverpb__status_response__unpack(NULL, message.len, message.data);

    if (response != NULL && response->header != NULL &&
        response->header->member_id == response->leader) {
        etcd->leads = true;
    }
    if (response != NULL) {
        etcdserverpb__status_response__free_unpacked(response, NULL);
    }
}

static void take_put(struct etcd *etcd, uint64_t tag, int status,
                     struct slice message)
{
    Etcdserverpb__PutResponse *response =
        etcdserverpb__put_response__unpack(NULL, message.len, message.data);

    calls_finish(&etcd->calls, tag,
                 status == GRPC_OK && response != NULL &&
                     response->header != NULL &&
                     response->header->revision > 0);
    if (response != NULL) {
        etcdserverpb__put_response__free_unpacked(response, NULL);
    }
}

static void on_done(void *context, uint64_t tag, int status,
                    struct slice message)
{
    struct etcd *etcd = context;

    if (tag != STATUS_TAG) {
        take_put(etcd, tag, status, message);
        return;
    }
    calls_finish(&etcd->calls, clock_ns(), status == GRPC_OK);
    if (status == GRPC_OK) {
        take_status(etcd, message);
    }
}

/* One put, to the members in turn. */
static enum error put(void *context)
{
    struct etcd *etcd = context;
    Etcdserverpb__PutRequest request = ETCDSERVERPB__PUT_REQUEST__INIT;
    char key[KEY_BYTES];
    uint8_t *bytes;
    size_t len;
    enum error error;

    snprintf(key, sizeof(key), "perch-bench/%08u",
             (unsigned)(etcd->puts % KEYS));
    request.key = (ProtobufCBinaryData){strlen(key), (uint8_t *)key};
    request.value =
        (ProtobufCBinaryData){etcd->bench->options->bytes, etcd->value};
    bytes = malloc(etcdserverpb__put_request__get_packed_size(&request));
    if (bytes == NULL) {
        return ERROR_NO_MEMORY;
    }
    len = etcdserverpb__put_request__pack(&request, bytes);
    error = grpc_call(etcd->members[etcd->next], PUT, slice_of(bytes, len),
                      clock_ns());
    free(bytes);
    if (!etcd->to_leader) {
        etcd->next = (etcd->next + 1) % MEMBERS;
    }
    etcd->puts++;
    return error;
}

static enum error flush_all(struct etcd *etcd)
{
    for (unsigned i = 0; i < MEMBERS; i++) {
        TRY(grpc_flush(etcd->members[i]));
    }
    return ERROR_NONE;
}

static enum error turn(void *context)
{
    struct etcd *etcd = context;
    struct epoll_event events[MEMBERS];
    int n;

    TRY(flush_all(etcd));
    n = epoll_wait(etcd->epoll, events, MEMBERS, CALLS_TURN_MS);
    for (int i = 0; i < n; i++) {
        if (grpc_serve(events[i].data.ptr) != ERROR_NONE) {
            return complain(ERROR_CLOSED,
                            "etcd closed a connection; it said: "
                            "%s/m*.log",
                            etcd->directory);
        }
    }
    return ERROR_NONE;
}

static enum error measure_etcd(void *lane, unsigned outstanding,
                               struct figures *figures)
{
    struct etcd *etcd = lane;

    return calls_measure(&etcd->calls, outstanding, figures,
                         etcd->bench->options, etcd->pids, MEMBERS);
}

static enum error connect_member(struct etcd *etcd, unsigned i)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct sockaddr_storage to = {0};
    struct sockaddr_in *at = (struct sockaddr_in *)&to;

    at->sin_family = AF_INET;
    at->sin_port = htons(etcd->client_ports[i]);
    at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    TRY(grpc_open(&etcd->members[i], &to, on_done, etcd));
    event.data.ptr = etcd->members[i];
    return epoll_ctl(etcd->epoll, EPOLL_CTL_ADD, grpc_fd(etcd->members[i]),
                     &event) == 0
               ? ERROR_NONE
               : ERROR_IO;
}

/* Connect to every member as soon as it listens. */
static enum error connect_all(struct etcd *etcd, uint64_t until_ns)
{
    struct timespec wait = {.tv_nsec = READY_POLL_MS * 1000000};
    unsigned i = 0;

    while (i < MEMBERS) {
        char log[PATH_MAX];

        log_file(etcd, i, log);
        TRY(interrupt_check());
        TRY(child_check(&etcd->pids[i], PROGRAM, log));
        if (connect_member(etcd, i) == ERROR_NONE) {
            i++;
        } else if (clock_ns() >= until_ns) {
            return complain(ERROR_TIMED_OUT, "etcd does not listen after %d s",
                            READY_S);
        } else {
            nanosleep(&wait, NULL);
        }
    }
    return ERROR_NONE;
}

/* A put through every member, until all succeed: there is a leader. */
static enum error await_leader(struct etcd *etcd, uint64_t until_ns)
{
    struct figures figures;

    etcd->calls.figures = &figures;
    do {
        TRY(figures_begin(&figures, NULL, 0));
        for (unsigned i = 0; i < MEMBERS; i++) {
            TRY(put(etcd));
            etcd->calls.outstanding++;
        }
        TRY(calls_run(&etcd->calls, 0, until_ns));
        if (clock_ns() >= until_ns) {
            return complain(ERROR_TIMED_OUT, "etcd takes no puts after %d s",
                            READY_S);
        }
    } while (figures.operations < MEMBERS);
    return ERROR_NONE;
}

/* Let the next put, and all after it, go to the member that leads. */
static enum error choose_leader(struct etcd *etcd, uint64_t until_ns)
{
    struct figures figures;

    etcd->calls.figures = &figures;
    TRY(figures_begin(&figures, NULL, 0));
    for (etcd->next = 0; etcd->next < MEMBERS; etcd->next++) {
        TRY(grpc_call(etcd->members[etcd->next], STATUS, SLICE_NONE,
                      STATUS_TAG));
        etcd->calls.outstanding++;
        TRY(calls_run(&etcd->calls, 0, until_ns));
        if (etcd->leads) {
            etcd->to_leader = true;
            return ERROR_NONE;
        }
    }
    return complain(ERROR_NO_LEADER, "no member of etcd says that it leads");
}

static enum error start(struct etcd *etcd)
{
    uint16_t ports[2 * MEMBERS];
    uint64_t until_ns = clock_after(READY_S);

    TRY(lane_directory(etcd->bench, "etcd", etcd->directory));
    TRY(child_free_ports(ports, 2 * MEMBERS));
    memcpy(etcd->client_ports, ports, sizeof(etcd->client_ports));
    memcpy(etcd->peer_ports, ports + MEMBERS, sizeof(etcd->peer_ports));
    for (unsigned i = 0; i < MEMBERS; i++) {
        TRY(start_member(etcd, i));
    }
    TRY(connect_all(etcd, until_ns));
    TRY(await_leader(etcd, until_ns));
    return etcd->bench->options->to_leader ? choose_leader(etcd, until_ns)
                                           : ERROR_NONE;
}

static void close_etcd(void *lane)
{
    struct etcd *etcd = lane;

    if (etcd == NULL) {
        return;
    }
    for (unsigned i = 0; i < MEMBERS; i++) {
        grpc_free(etcd->members[i]);
    }
    child_stop_all(etcd->pids, MEMBERS);
    if (etcd->epoll >= 0) {
        close(etcd->epoll);
    }
    lane_remove_directory(etcd->directory);
    free(etcd->value);
    free(etcd);
}

static enum error open_etcd(const struct bench *bench, void **lane_out)
{
    struct etcd *etcd = calloc(1, sizeof(*etcd));
    enum error error = ERROR_NO_MEMORY;

    if (etcd == NULL) {
        return error;
    }
    etcd->bench = bench;
    etcd->calls = (struct calls){.begin = put, .turn = turn, .context = etcd};
    etcd->epoll = epoll_create1(EPOLL_CLOEXEC);
    etcd->value = malloc(bench->options->bytes);
    if (etcd->epoll >= 0 && etcd->value != NULL) {
        memset(etcd->value, 'x', bench->options->bytes);
        error = start(etcd);
    }
    if (error != ERROR_NONE) {
        close_etcd(etcd);
        return error;
    }
    *lane_out = etcd;
    return ERROR_NONE;
}

const struct lane lane_etcd = {"etcd", false, open_etcd, measure_etcd,
                               close_etcd};

enum error mode_etcd(const struct bench *bench)
{
    return lane_run(&lane_etcd, bench);
}

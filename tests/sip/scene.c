#include "tests/sip/scene.h"

#include <malloc.h>
#include <sofia-sip/auth_digest.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"
#include "proto/xccos/write.h"
#include "tests/sip/certificate.h"
#include "tests/unit/test.h"

static const struct {
    const char *uri; /* As the state knows it. */
    const char *name;
    const char *user;
    const char *password;
    enum sign_in_result result;
} users[] = {
    {"sip:ingrid@" DOMAIN, "ingrid@" DOMAIN, "ingrid", "fjell", SIGN_IN_FOUND},
    {"sip:tomas@" DOMAIN, "tomas@" DOMAIN, "tomas", "hav", SIGN_IN_FOUND},
    {"sip:mei@" DOMAIN, "mei@" DOMAIN, "mei", "tide", SIGN_IN_DISABLED},
    {"sip:olav@" DOMAIN, "olav@" DOMAIN, "olav", "skip", SIGN_IN_NOT_ENABLED},
};

uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static char *text_of(struct slice slice)
{
    return strndup(slice.data == NULL ? "" : (const char *)slice.data,
                   slice.len);
}

static void record(struct scene *scene, struct sighting record)
{
    pthread_mutex_lock(&scene->lock);
    assert_true(scene->n < RECORDS_MAX);
    scene->records[scene->n++] = record;
    pthread_cond_broadcast(&scene->news);
    pthread_mutex_unlock(&scene->lock);
}

static void send_delivery(struct scene *scene, struct delivery *delivery)
{
    if (letters_send_reply(edge_deliveries(scene->edge), &delivery->letter) !=
        ERROR_NONE) {
        delivery_free(delivery);
    }
}

static bool is_word(struct slice uri, const char *known)
{
    return slice_equal_nocase(uri, slice_of_text(known));
}

static void on_sign_in(struct scene *scene, const struct intake *intake)
{
    struct delivery *delivery = delivery_new(DELIVERY_SIGN_IN, intake->ref);
    struct delivery_sign_in *facts = &delivery->sign_in;

    facts->token = intake->sign_in.token;
    facts->result = scene->not_ready ? SIGN_IN_NOT_READY : SIGN_IN_UNKNOWN;
    for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        if (scene->not_ready ||
            !is_word(intake->sign_in.user_uri, users[i].uri)) {
            continue;
        }
        facts->result = users[i].result;
        auth_digest_ha1(facts->ha1, users[i].name, DOMAIN, users[i].password);
        if (!scene->no_bare_hash) {
            auth_digest_ha1(facts->ha1_user, users[i].user, DOMAIN,
                            users[i].password);
        }
        facts->user_uri =
            arena_copy_slice(delivery->arena, slice_of_text(users[i].uri));
        facts->pool_uri =
            arena_copy_slice(delivery->arena, SLICE_LITERAL(POOL_URI));
    }
    send_delivery(scene, delivery);
}

/* What the INFO said, as perch writes it. */
static char *body_of(const struct intake *intake)
{
    struct buffer out = BUFFER_EMPTY;
    char *text;

    assert_int_equal(xccos_write(&out, intake->request.envelope),
                     XCCOS_ERROR_NONE);
    text = text_of(buffer_slice(&out));
    buffer_deinit(&out);
    return text;
}

static void on_request(struct scene *scene, const struct intake *intake)
{
    struct delivery *delivery;
    char *body = body_of(intake);

    if (intake->request.token != 0 && !scene->hold) {
        delivery = delivery_new(DELIVERY_ANSWER, intake->ref);
        delivery->answer.token = intake->request.token;
        delivery->answer.status = 200;
        send_delivery(scene, delivery);
    }
    if (scene->echo) {
        scene_deliver(scene, &intake->ref, 1, body, 0);
    }
    free(body);
}

static void on_policy(struct scene *scene, const struct intake *intake)
{
    struct delivery *delivery = delivery_new(DELIVERY_PRESENCE, intake->ref);

    delivery->presence.token = intake->presence.token;
    delivery->presence.status = scene->policy != 0 ? scene->policy : 200;
    send_delivery(scene, delivery);
}

static void take(struct scene *scene, struct intake *intake)
{
    struct sighting seen = {.kind = (enum intake_kind)intake->letter.kind,
                            .ref = intake->ref};

    switch (seen.kind) {
    case INTAKE_SIGN_IN:
        seen.token = intake->sign_in.token;
        seen.user_uri = text_of(intake->sign_in.user_uri);
        break;
    case INTAKE_DIALOG_OPENED:
    case INTAKE_DIALOG_CLOSED:
        seen.user_uri = text_of(intake->dialog.user_uri);
        seen.endpoint_id = text_of(intake->dialog.endpoint_id);
        seen.pool_uri = text_of(intake->dialog.pool_uri);
        seen.peer = text_of(intake->dialog.peer_address);
        seen.log_index = intake->dialog.delivered_index;
        seen.replies = intake->dialog.replies;
        seen.connection = intake->dialog.connection;
        seen.resumes = intake->dialog.resumes;
        seen.end = intake->dialog.end;
        break;
    case INTAKE_PRESENCE:
        seen.token = intake->presence.token;
        seen.user_uri = text_of(intake->presence.user_uri);
        break;
    case INTAKE_REQUEST:
        seen.token = intake->request.token;
        seen.body = body_of(intake);
        break;
    case INTAKE_DELIVERED:
        for (size_t i = 0; i < intake->delivered.n; i++) {
            seen.ref = intake->delivered.marks[i].dialog;
            seen.log_index = intake->delivered.marks[i].log_index;
            seen.replies = intake->delivered.marks[i].replies;
            record(scene, seen);
        }
        return;
    }
    record(scene, seen);
    if (seen.kind == INTAKE_SIGN_IN && !scene->mute) {
        on_sign_in(scene, intake);
    } else if (seen.kind == INTAKE_REQUEST) {
        on_request(scene, intake);
    } else if (seen.kind == INTAKE_PRESENCE &&
               intake->presence.ask == PRESENCE_POLICY) {
        on_policy(scene, intake);
    }
}

static void receive(void *context, struct letter_list *list)
{
    struct scene *scene = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        take(scene, (struct intake *)letter);
        intake_free((struct intake *)letter);
    }
}

/* Stops or pauses the state loop: letters to it are only wake-ups. */
static void on_wake(void *context, struct letter_list *list)
{
    struct scene *scene = context;
    struct letter *letter;

    while ((letter = STAILQ_FIRST(list)) != NULL) {
        STAILQ_REMOVE_HEAD(list, link);
        free(letter);
    }
    while (scene->asleep) {
        usleep(1000);
    }
    if (scene->stop) {
        loop_stop(scene->loop);
    }
}

static void *run(void *context)
{
    struct scene *scene = context;

    loop_run(scene->loop);
    return NULL;
}

static void choose_listeners(struct scene *scene)
{
    char folder[] = "/tmp/perch-sip-XXXXXX", path[64];

    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < LISTENERS; i++) {
        scene->listeners[i].address = "127.0.0.1";
        scene->listeners[i].auth = EDGE_AUTH_DIGEST;
    }
    scene->listeners[LISTENER_OPEN].auth = EDGE_AUTH_NONE;
    scene->listeners[LISTENER_TLS].tls = true;
    snprintf(path, sizeof(path), "%s/cert.pem", folder);
    scene->listeners[LISTENER_TLS].certificate_file = strdup(path);
    snprintf(path, sizeof(path), "%s/key.pem", folder);
    scene->listeners[LISTENER_TLS].key_file = strdup(path);
    scene_renew_certificate(scene, "first." DOMAIN, 90);
}

void scene_renew_certificate(struct scene *scene, const char *name, int days)
{
    certificate_write(name, days,
                      scene->listeners[LISTENER_TLS].certificate_file,
                      scene->listeners[LISTENER_TLS].key_file);
}

struct scene *scene_open(const struct edge_limits *limits)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    journal_configure(getenv("PERCH_TEST_JOURNAL") ? JOURNAL_DEBUG
                                                   : JOURNAL_ERROR,
                      false, false);
    scene->records = calloc(RECORDS_MAX, sizeof(*scene->records));
    pthread_mutex_init(&scene->lock, NULL);
    pthread_cond_init(&scene->news, NULL);
    scene->loop = loop_new();
    scene->intake =
        letters_new(scene->loop, INTAKES_WAITING_MAX, receive, scene);
    scene->wake = letters_new(scene->loop, 16, on_wake, scene);
    choose_listeners(scene);
    scene->settings = (struct edge_settings){
        .edge = 1,
        .node = 2,
        .domain = DOMAIN,
        .host = "node2." DOMAIN,
        .node_uri = NODE_URI,
        .listeners = scene->listeners,
        .n = LISTENERS,
        .limits = limits == NULL ? EDGE_LIMITS_DEFAULT : *limits,
    };
    assert_int_equal(edge_open(&scene->edge, &scene->settings, scene->intake),
                     ERROR_NONE);
    pthread_create(&scene->thread, NULL, run, scene);
    return scene;
}

static void send_wake(struct scene *scene)
{
    struct letter *letter = calloc(1, sizeof(*letter));

    letters_send_reply(scene->wake, letter);
}

/* Every dialog that was opened was closed, once. */
static void check_dialogs(struct scene *scene)
{
    for (size_t i = 0; i < scene->n; i++) {
        size_t ends = 0;

        if (scene->records[i].kind != INTAKE_DIALOG_OPENED) {
            continue;
        }
        for (size_t j = i + 1; j < scene->n && scene->n < 20000; j++) {
            ends += scene->records[j].kind == INTAKE_DIALOG_CLOSED &&
                    scene->records[j].ref == scene->records[i].ref;
        }
        assert_true(ends == 1 || scene->n >= 20000);
    }
}

static void free_records(struct scene *scene)
{
    for (size_t i = 0; i < scene->n; i++) {
        free(scene->records[i].user_uri);
        free(scene->records[i].endpoint_id);
        free(scene->records[i].pool_uri);
        free(scene->records[i].peer);
        free(scene->records[i].body);
    }
    free(scene->records);
}

static void remove_files(struct scene *scene)
{
    struct edge_listener *tls = &scene->listeners[LISTENER_TLS];
    char *folder = strdup(tls->certificate_file);

    unlink(tls->certificate_file);
    unlink(tls->key_file);
    *strrchr(folder, '/') = '\0';
    rmdir(folder);
    free(folder);
    free((void *)(uintptr_t)tls->certificate_file);
    free((void *)(uintptr_t)tls->key_file);
}

void scene_close(struct scene *scene)
{
    struct letter_list left;
    struct letter *letter;

    scene->asleep = false;
    scene->stop = true;
    send_wake(scene);
    /* As in a node: who sends deliveries ends before who frees their queue. */
    pthread_join(scene->thread, NULL);
    edge_close(scene->edge);
    letters_close(scene->intake, &left);
    scene->edge = NULL;
    while ((letter = STAILQ_FIRST(&left)) != NULL) {
        STAILQ_REMOVE_HEAD(&left, link);
        if (letter->kind == INTAKE_DIALOG_CLOSED) {
            take(scene, (struct intake *)letter);
        }
        intake_free((struct intake *)letter);
    }
    letters_free(scene->intake);
    letters_close(scene->wake, &left);
    letters_free(scene->wake);
    loop_free(scene->loop);
    check_dialogs(scene);
    free_records(scene);
    remove_files(scene);
    pthread_mutex_destroy(&scene->lock);
    pthread_cond_destroy(&scene->news);
    free(scene);
}

uint16_t scene_port(struct scene *scene, size_t listener)
{
    return edge_port(scene->edge, listener);
}

static struct sighting *find_unseen(struct scene *scene, enum intake_kind kind)
{
    for (size_t i = 0; i < scene->n; i++) {
        if (scene->records[i].kind == kind && !scene->records[i].seen) {
            return &scene->records[i];
        }
    }
    return NULL;
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

struct sighting scene_expect(struct scene *scene, enum intake_kind kind)
{
    struct timespec until = in_ms(WAIT_MS);
    struct sighting *found, copy = {0};
    int error = 0;

    pthread_mutex_lock(&scene->lock);
    while ((found = find_unseen(scene, kind)) == NULL && error == 0) {
        error = pthread_cond_timedwait(&scene->news, &scene->lock, &until);
    }
    if (found != NULL) {
        found->seen = true;
        copy = *found;
    }
    pthread_mutex_unlock(&scene->lock);
    if (found == NULL) {
        fail_msg("no intake of kind %d came", (int)kind);
    }
    return copy;
}

void scene_expect_none(struct scene *scene, enum intake_kind kind)
{
    struct sighting *found;

    usleep(100 * 1000);
    pthread_mutex_lock(&scene->lock);
    found = find_unseen(scene, kind);
    pthread_mutex_unlock(&scene->lock);
    assert_null(found);
}

size_t scene_count(struct scene *scene, enum intake_kind kind)
{
    size_t n = 0;

    pthread_mutex_lock(&scene->lock);
    for (size_t i = 0; i < scene->n; i++) {
        n += scene->records[i].kind == kind;
    }
    pthread_mutex_unlock(&scene->lock);
    return n;
}

void scene_answer(struct scene *scene, const struct sighting *post, int status,
                  const char *reason)
{
    struct delivery *delivery = delivery_new(DELIVERY_ANSWER, post->ref);

    delivery->answer.token = post->token;
    delivery->answer.status = status;
    delivery->answer.retry_after_s = status == 503 ? 5 : 0;
    delivery->answer.reason =
        arena_copy_slice(delivery->arena, slice_of_text(reason));
    send_delivery(scene, delivery);
}

static edge_ref *copy_refs(struct delivery *delivery, const edge_ref *dialogs,
                           size_t n)
{
    edge_ref *copy = arena_alloc(delivery->arena, n * sizeof(*copy));

    memcpy(copy, dialogs, n * sizeof(*copy));
    return copy;
}

static void deliver(struct scene *scene, const edge_ref *dialogs, size_t n,
                    const char *body, struct delivery_mark mark)
{
    struct delivery *delivery = delivery_new(DELIVERY_BODY, 0);

    delivery->body.body = body_new(slice_of_text(body));
    delivery->body.mark = mark;
    delivery->body.n = n;
    delivery->body.dialogs = copy_refs(delivery, dialogs, n);
    send_delivery(scene, delivery);
}

void scene_deliver(struct scene *scene, const edge_ref *dialogs, size_t n,
                   const char *body, uint64_t log_index)
{
    deliver(scene, dialogs, n, body, (struct delivery_mark){log_index, 0});
}

void scene_deliver_reply(struct scene *scene, edge_ref dialog, const char *body,
                         uint32_t reply)
{
    deliver(scene, &dialog, 1, body, (struct delivery_mark){0, reply});
}

void scene_deliver_close(struct scene *scene, const edge_ref *dialogs, size_t n)
{
    struct delivery *delivery = delivery_new(DELIVERY_CLOSE, 0);

    delivery->close.n = n;
    delivery->close.dialogs = copy_refs(delivery, dialogs, n);
    delivery->close.reason =
        arena_copy_slice(delivery->arena, SLICE_LITERAL("user_disabled"));
    send_delivery(scene, delivery);
}

void scene_deliver_dismiss(struct scene *scene, const char *user_uri)
{
    struct delivery *delivery = delivery_new(DELIVERY_DISMISS, 0);

    delivery->dismiss.user_uri =
        arena_copy_slice(delivery->arena, slice_of_text(user_uri));
    send_delivery(scene, delivery);
}

void scene_wait_metric(struct scene *scene, enum edge_metric metric,
                       uint64_t at_least)
{
    uint64_t until = now_ms() + WAIT_MS;

    while (edge_metric(scene->edge, metric) < at_least) {
        if (now_ms() > until) {
            fail_msg("%s is %llu, not %llu", edge_metric_info(metric)->name,
                     (unsigned long long)edge_metric(scene->edge, metric),
                     (unsigned long long)at_least);
        }
        usleep(2000);
    }
}

void scene_wait_gauge(struct scene *scene, enum edge_metric metric,
                      uint64_t value)
{
    uint64_t until = now_ms() + WAIT_MS;

    while (edge_metric(scene->edge, metric) > value) {
        if (now_ms() > until) {
            fail_msg("%s stays at %llu", edge_metric_info(metric)->name,
                     (unsigned long long)edge_metric(scene->edge, metric));
        }
        usleep(2000);
    }
}

size_t scene_memory(struct scene *scene)
{
    size_t used, before;

    scene_wait_gauge(scene, EDGE_METRIC_CONNECTIONS, 0);
    scene_wait_gauge(scene, EDGE_METRIC_HANDSHAKES, 0);
    do { /* The last are freed a moment after they are closed. */
        before = mallinfo2().uordblks;
        usleep(50 * 1000);
        used = mallinfo2().uordblks;
    } while (used != before);
    return used;
}

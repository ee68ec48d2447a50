#include "tests/unit/log_scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

/* Calls into the store that nobody has answered yet. */
struct scene_call {
    STAILQ_ENTRY(scene_call) link;
    struct scene *scene;
    size_t records; /* So many are acknowledged when it is completed. */
    uint8_t bytes[];
};

uint64_t scene_draw(struct scene *scene, uint64_t bound)
{
    uint64_t z = (scene->random += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return bound == 0 ? z : z % bound;
}

static uint64_t draw_bits(void *context)
{
    return scene_draw(context, 0);
}

struct scene *scene_new(uint64_t seed, uint64_t segment_bytes)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    CHECK(scene != NULL);
    scene->random = seed;
    scene->loop = fake_loop_new(seed);
    scene->disk = disk_new("/node", draw_bits, scene);
    scene->options = (struct log_store_options){
        .path = SCENE_PATH,
        .identity = {.pool_id = {{1, 2, 3}},
                     .directory_id = 0x1122334455667788},
        .segment_bytes = segment_bytes,
        .floor_bytes = 4096,
    };
    STAILQ_INIT(&scene->calls);
    model_init(&scene->model);
    CHECK(log_store_format(&scene->options) == ERROR_NONE);
    CHECK(scene_open(scene) == ERROR_NONE);
    return scene;
}

static void on_failed(void *context, enum error error)
{
    struct scene *scene = context;

    CHECK(error != ERROR_NONE);
    scene->told_failed++;
}

static void on_stalled(void *context, uint64_t for_ms)
{
    ((struct scene *)context)->stalled_ms = for_ms;
}

/* When the model does not know what came back, say what came. */
static void print_surprise(const struct scene *scene,
                           const struct log_recovered *recovered)
{
    struct model_log sure =
        model_after(&scene->model, scene->model.acknowledged);

    fprintf(stderr,
            "recovered first %zu n %zu snapshot %zu term %zu vote %zu cut %zu; "
            "acknowledged first %zu n %zu snapshot %zu term %zu vote %zu "
            "cut %zu, %zu records more asked for\n",
            (size_t)recovered->first_index, recovered->n,
            (size_t)recovered->snapshot.index, (size_t)recovered->term,
            (size_t)recovered->vote, (size_t)recovered->cut_index,
            (size_t)sure.first_index, sure.n, (size_t)sure.snapshot_index,
            (size_t)scene->model.term, (size_t)scene->model.vote,
            (size_t)scene->model.cut_index,
            scene->model.n - scene->model.acknowledged);
    model_log_deinit(&sure);
}

enum error scene_open(struct scene *scene)
{
    const struct log_store_owner owner = {on_failed, on_stalled, scene};
    struct log_recovered *recovered = NULL;
    enum error error;

    error = log_store_open(scene->loop, &scene->options, &owner, &scene->store,
                           &recovered, &scene->damage);
    if (error != ERROR_NONE) {
        CHECK(scene->damage.error == error && scene->damage.what != NULL);
        scene->model.opened_in_vain = true;
        return error;
    }
    if (!model_adopt(&scene->model, recovered)) {
        print_surprise(scene, recovered);
        CHECK_UNREACHABLE();
    }
    scene->next_index = recovered->first_index + recovered->n;
    scene->first_index = recovered->first_index;
    scene->snapshot_index = recovered->snapshot.index;
    scene->torn_bytes += recovered->torn_bytes;
    scene->failed = 0;
    scene->told_failed = 0;
    log_recovered_free(recovered);
    return ERROR_NONE;
}

void scene_close(struct scene *scene)
{
    log_store_close(scene->store);
    scene->store = NULL;
    CHECK(STAILQ_EMPTY(&scene->calls));
}

void scene_crash(struct scene *scene)
{
    disk_stop(scene->disk);
    scene_close(scene);
    disk_crash(scene->disk);
}

void scene_free(struct scene *scene)
{
    if (scene->store != NULL) {
        scene_close(scene);
    }
    model_deinit(&scene->model);
    disk_free(scene->disk);
    fake_loop_free(scene->loop);
    free(scene);
}

static enum error error_of(const struct scene *scene)
{
    struct log_store_status status;

    log_store_status(scene->store, &status);
    return status.error;
}

/* Completions come in the order of the calls, each once. */
static void on_done(void *context, enum error error)
{
    struct scene_call *call = context;
    struct scene *scene = call->scene;

    CHECK(call == STAILQ_FIRST(&scene->calls));
    STAILQ_REMOVE_HEAD(&scene->calls, link);
    scene->completed++;
    if (error == ERROR_NONE) {
        CHECK(scene->failed == 0); /* After an error nothing is written. */
        scene->model.acknowledged = call->records;
    } else {
        CHECK(error_of(scene) == error);
        scene->failed++;
    }
    free(call);
}

static struct scene_call *call_new(struct scene *scene, size_t bytes)
{
    struct scene_call *call = calloc(1, sizeof(*call) + bytes);

    CHECK(call != NULL);
    call->scene = scene;
    return call;
}

static void append(struct scene *scene, size_t n, size_t len, bool zeros)
{
    struct scene_call *call = call_new(scene, n * len);
    struct log_entry *entries = calloc(n, sizeof(*entries));

    CHECK(entries != NULL);
    for (size_t i = 0; i < n; i++) {
        struct model_entry entry = {
            .term = scene->model.term,
            .type = (uint8_t)(1 + scene_draw(scene, 3)),
            .len = (uint32_t)len,
            .seed = zeros ? 0 : scene_draw(scene, 0) | 1,
        };
        struct model_record record = {MODEL_ENTRY, scene->next_index + i, 0,
                                      entry};

        model_bytes(entry.seed, call->bytes + i * len, len);
        entries[i] = (struct log_entry){entry.term, entry.type,
                                        slice_of(call->bytes + i * len, len)};
        model_add(&scene->model, &record);
    }
    call->records = scene->model.n;
    STAILQ_INSERT_TAIL(&scene->calls, call, link);
    CHECK(log_store_append(scene->store, entries, n, on_done, call) ==
          ERROR_NONE);
    scene->next_index += n;
    free(entries);
}

void scene_append(struct scene *scene, size_t n, size_t len)
{
    append(scene, n, len, false);
}

void scene_append_zeros(struct scene *scene, size_t len)
{
    append(scene, 1, len, true);
}

void scene_truncate(struct scene *scene, uint64_t index)
{
    struct model_record record = {.kind = MODEL_TRUNCATE, .index = index};

    if (index < scene->next_index) {
        model_add(&scene->model, &record);
    }
    CHECK(log_store_truncate(scene->store, index) == ERROR_NONE);
    scene->next_index = index;
}

void scene_snapshot(struct scene *scene, uint64_t index, uint64_t trailing,
                    size_t len)
{
    struct scene_call *call = call_new(scene, len);
    struct model_entry entry = {scene->model.term, 0, (uint32_t)len,
                                scene_draw(scene, 0) | 1};
    struct model_record record = {MODEL_SNAPSHOT, index, trailing, entry};
    struct log_snapshot snapshot;

    model_bytes(entry.seed, call->bytes, len);
    snapshot = (struct log_snapshot){
        .index = index,
        .term = entry.term,
        .configuration_index = entry.seed,
        .configuration = slice_of(call->bytes, len / 2),
        .data = slice_of(call->bytes, len),
    };
    model_add(&scene->model, &record);
    call->records = scene->model.n;
    STAILQ_INSERT_TAIL(&scene->calls, call, link);
    CHECK(log_store_snapshot_put(scene->store, trailing, &snapshot, on_done,
                                 call) == ERROR_NONE);
    memset(call->bytes, 0, len); /* Copied, as the header says. */
    scene->snapshot_index = index;
    if (trailing == 0) {
        scene->next_index = scene->first_index = index + 1;
    } else if (index >= trailing && index - trailing + 1 > scene->first_index) {
        scene->first_index = index - trailing + 1;
    }
}

enum error scene_vote(struct scene *scene, uint64_t term, uint64_t vote)
{
    struct model *model = &scene->model;
    enum error error = error_of(scene);

    if (error != ERROR_NONE) {
        CHECK(log_store_set_vote(scene->store, vote) == error);
        return error;
    }
    if (term != model->term) {
        model->term_asked = term;
        model->vote_asked = 0;
        error = log_store_set_term(scene->store, term);
        if (error != ERROR_NONE) {
            return error;
        }
        model->term = term;
        model->vote = 0;
    }
    model->vote_asked = vote;
    error = log_store_set_vote(scene->store, vote);
    if (error == ERROR_NONE) {
        model->vote = vote;
    }
    return error;
}

enum error scene_cut(struct scene *scene, uint64_t index)
{
    struct model *model = &scene->model;
    enum error error = error_of(scene);

    if (error != ERROR_NONE) {
        return error;
    }
    if (model->cut_index == 0 || index < model->cut_index) {
        model->cut_asked = index;
    }
    error = log_store_cut_at_next_start(scene->store, index);
    if (error == ERROR_NONE) {
        model->cut_index = model->cut_asked;
    }
    return error;
}

static size_t some_len(struct scene *scene)
{
    static const size_t lens[] = {0, 8, 40, 288, 288, 1000, 4000, 9000};

    return lens[scene_draw(scene, sizeof(lens) / sizeof(lens[0]))];
}

static void act_snapshot(struct scene *scene)
{
    uint64_t from = scene->snapshot_index > 0 ? scene->snapshot_index : 1;
    uint64_t span;

    if (scene_draw(scene, 4) == 0) {
        scene_snapshot(scene, scene->snapshot_index + 1 + scene_draw(scene, 50),
                       0, scene_draw(scene, 700));
        return;
    }
    if (scene->next_index <= from) {
        return;
    }
    span = scene->next_index - from;
    scene_snapshot(scene, from + scene_draw(scene, span),
                   1 + scene_draw(scene, 20), scene_draw(scene, 700));
}

static void act_truncate(struct scene *scene)
{
    uint64_t from = scene->snapshot_index + 1 > scene->first_index
                        ? scene->snapshot_index + 1
                        : scene->first_index;

    if (scene->next_index > from) {
        uint64_t back = 1 + scene_draw(scene, 12);
        uint64_t span = scene->next_index - from;

        scene_truncate(scene, scene->next_index - (back < span ? back : span));
    }
}

void scene_act(struct scene *scene)
{
    switch (scene_draw(scene, 12)) {
    case 0:
        act_snapshot(scene);
        break;
    case 1:
        act_truncate(scene);
        break;
    case 2:
        /* A failing disk fails the call too; the model knows both ways. */
        (void)scene_vote(scene, scene->model.term + scene_draw(scene, 2),
                         1 + scene_draw(scene, 5));
        break;
    case 3:
        scene_append(scene, 1 + scene_draw(scene, 40), 288);
        break;
    case 4:
        scene_append_zeros(scene, 8 * scene_draw(scene, 500));
        break;
    case 5:
        fake_loop_pass(scene->loop, scene_draw(scene, 30000));
        break;
    case 6:
    case 7:
        fake_loop_step(scene->loop);
        break;
    default:
        scene_append(scene, 1 + scene_draw(scene, 3), some_len(scene));
        break;
    }
}

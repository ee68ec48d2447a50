#include "ops/bench/desk.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ops/bench/clock.h"
#include "ops/bench/complain.h"
#include "ops/bench/interrupt.h"
#include "ops/bench/load.h"

enum { OPEN_FILES = 16, AGAIN_MS = 200 };

_Static_assert((int)DESK_OFF == (int)PERCH__ADMIN__ARCHIVE_MODE__OFF &&
                   (int)DESK_ON == (int)PERCH__ADMIN__ARCHIVE_MODE__ON &&
                   (int)DESK_REQUIRED ==
                       (int)PERCH__ADMIN__ARCHIVE_MODE__REQUIRED,
               "modes are numbered alike");

static const char *const mode_names[DESK_MODES] = {
    [DESK_OFF] = "off",
    [DESK_ON] = "on",
    [DESK_REQUIRED] = "required",
};

const char *desk_mode_name(unsigned mode)
{
    return mode_names[mode];
}

enum error desk_mode_find(const char *name, unsigned *mode_out)
{
    for (unsigned mode = 0; mode < DESK_MODES; mode++) {
        if (strcmp(mode_names[mode], name) == 0) {
            *mode_out = mode;
            return ERROR_NONE;
        }
    }
    return complain(ERROR_INVALID,
                    "--compliance is off, on or required, not \"%s\"", name);
}

static void make_set(void *context, size_t i, struct arena *arena,
                     struct load_request *request_out)
{
    const unsigned *mode = context;
    Perch__Admin__ArchiveSet *set = arena_alloc(arena, sizeof(*set));

    (void)i;
    perch__admin__archive_set__init(set);
    CODEC_SET(set, mode, (Perch__Admin__ArchiveMode)*mode);
    *request_out = (struct load_request){ADMIN_ARCHIVE_SET, &set->base};
}

enum error desk_set_mode(const struct bench *bench, unsigned mode)
{
    char socket[POOL_SOCKET_BYTES];

    pool_socket(&bench->pool, socket);
    return load_ask(socket, 1, make_set, &mode);
}

static void make_look(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    Perch__Admin__Nothing *nothing = arena_alloc(arena, sizeof(*nothing));

    (void)context;
    (void)i;
    perch__admin__nothing__init(nothing);
    *request_out = (struct load_request){ADMIN_ARCHIVE_STATUS, &nothing->base};
}

static enum error take_look(void *context, const struct admin_reply *reply)
{
    struct desk_archive *out = context;
    const Perch__Admin__ArchiveStatusReply *status =
        (const Perch__Admin__ArchiveStatusReply *)reply->body;

    *out = (struct desk_archive){.mode = status->mode,
                                 .records = status->records,
                                 .written = status->records};
    for (size_t i = 0; i < status->n_nodes; i++) {
        if (status->nodes[i]->records < out->written) {
            out->written = status->nodes[i]->records;
        }
    }
    return ERROR_NONE;
}

enum error desk_look(const struct bench *bench, struct desk_archive *out)
{
    char socket[POOL_SOCKET_BYTES];

    pool_socket(&bench->pool, socket);
    return load_ask_one(socket, make_look, take_look, out);
}

enum error desk_await(const struct bench *bench, struct desk_archive *out)
{
    const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
    uint64_t until_ns = clock_ns() + DESK_PATIENCE_S * (uint64_t)NS_PER_S;

    TRY(desk_look(bench, out));
    while (out->written < out->records) {
        if (clock_ns() > until_ns) {
            return complain(ERROR_TIMED_OUT,
                            "a node has not written its archive in %d s",
                            DESK_PATIENCE_S);
        }
        TRY(interrupt_check());
        nanosleep(&pause, NULL);
        TRY(desk_look(bench, out));
    }
    return ERROR_NONE;
}

/* nftw tells its callback nothing of whose walk it is. */
static struct desk_bytes walked;

/* Tiles that are not full yet (p/) are written again and again until they are,
 * and then removed: they are no lasting cost. */
static int walk_one(const char *path, const struct stat *status, int kind,
                    struct FTW *place)
{
    (void)place;
    if (kind != FTW_F || strstr(path, ".p/") != NULL) {
        return 0;
    }
    if (strstr(path, "/tile/entries/") != NULL) {
        walked.entries += (uint64_t)status->st_size;
    } else if (strstr(path, "/tile/") != NULL) {
        walked.others += (uint64_t)status->st_size;
    }
    return 0;
}

struct desk_bytes desk_measure(const struct bench *bench)
{
    char path[PATH_MAX + 16];

    walked = (struct desk_bytes){0, 0};
    snprintf(path, sizeof(path), "%s/archive",
             bench->pool.servers[0].data_directory);
    nftw(path, walk_one, OPEN_FILES, FTW_PHYS);
    return walked;
}

#include "ops/bench/model_load.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "ops/bench/clock.h"
#include "ops/bench/load.h"
#include "proto/base/check.h"

enum { MEMBERS_AT_ONCE = 1000 }; /* Of one request. */

struct loading {
    const struct model *model;
    const char *password;
};

static void *take(struct arena *arena, const ProtobufCMessageDescriptor *what)
{
    ProtobufCMessage *message = arena_alloc(arena, what->sizeof_message);

    CHECK(message != NULL);
    protobuf_c_message_init(what, message);
    return message;
}

#define TAKE(arena, type) take(arena, &perch__admin__##type##__descriptor)

static ProtobufCBinaryData text(struct arena *arena, const char *from)
{
    return codec_bytes(arena_copy_slice(arena, slice_of_text(from)));
}

static ProtobufCBinaryData user_name(struct arena *arena, unsigned user)
{
    char name[MODEL_NAME_BYTES];

    model_user_name(user, name);
    return text(arena, name);
}

static ProtobufCBinaryData room_name(struct arena *arena, unsigned room)
{
    char name[MODEL_NAME_BYTES];

    model_room_name(room, name);
    return text(arena, name);
}

static void make_category(void *context, size_t i, struct arena *arena,
                          struct load_request *request_out)
{
    Perch__Admin__CategoriesCreate *create = TAKE(arena, categories_create);

    (void)context, (void)i;
    CODEC_SET(create, name, text(arena, "Model"));
    *request_out =
        (struct load_request){ADMIN_CATEGORIES_CREATE, &create->base};
}

static void make_user(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    const struct loading *loading = context;
    Perch__Admin__UsersCreate *create = TAKE(arena, users_create);

    CODEC_SET(create, user, user_name(arena, (unsigned)i));
    CODEC_SET(create, password, text(arena, loading->password));
    *request_out = (struct load_request){ADMIN_USERS_CREATE, &create->base};
}

/* Names of up to MEMBERS_AT_ONCE members of a room, from one on. */
static ProtobufCBinaryData *members(const struct model *model, unsigned room,
                                    unsigned from, struct arena *arena,
                                    size_t *n_out)
{
    struct model_members all = model_members(model, room);
    unsigned n = all.n - from;
    ProtobufCBinaryData *names;

    n = n < MEMBERS_AT_ONCE ? n : MEMBERS_AT_ONCE;
    names = arena_alloc(arena, n * sizeof(*names));
    CHECK(names != NULL);
    for (unsigned i = 0; i < n; i++) {
        names[i] = user_name(arena, (all.first + from + i) % model->users);
    }
    *n_out = n;
    return names;
}

static void make_room(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    const struct loading *loading = context;
    Perch__Admin__RoomsCreate *create = TAKE(arena, rooms_create);
    struct guid id = model_room_id((unsigned)i);
    char id_text[GUID_TEXT_BYTES + 1];

    guid_write(&id, id_text);
    CODEC_SET(create, id, text(arena, id_text));
    CODEC_SET(create, name, room_name(arena, (unsigned)i));
    CODEC_SET(create, category, text(arena, "Model"));
    create->members =
        members(loading->model, (unsigned)i, 0, arena, &create->n_members);
    *request_out = (struct load_request){ADMIN_ROOMS_CREATE, &create->base};
}

static size_t chunks(const struct model *model)
{
    return (model->large_members + MEMBERS_AT_ONCE - 1) / MEMBERS_AT_ONCE;
}

/* What is missing in large rooms, a piece at a time; the first is there. */
static void make_more(void *context, size_t i, struct arena *arena,
                      struct load_request *request_out)
{
    const struct loading *loading = context;
    const struct model *model = loading->model;
    size_t pieces = chunks(model) - 1;
    unsigned room = model->small + model->medium + (unsigned)(i / pieces);
    unsigned from = (unsigned)(i % pieces + 1) * MEMBERS_AT_ONCE;
    Perch__Admin__RoomsChange *change = TAKE(arena, rooms_change);

    CODEC_SET(change, room, room_name(arena, room));
    change->members_add =
        members(model, room, from, arena, &change->n_members_add);
    *request_out = (struct load_request){ADMIN_ROOMS_CHANGE, &change->base};
}

enum error model_load(const struct model *model, const struct pool *pool,
                      const char *password, double *seconds_out)
{
    struct loading loading = {model, password};
    uint64_t began_ns = clock_ns();
    char socket[POOL_SOCKET_BYTES];

    pool_socket(pool, socket);
    TRY(load_ask(socket, 1, make_category, &loading));
    TRY(load_ask(socket, model->users, make_user, &loading));
    TRY(load_ask(socket, model_rooms(model), make_room, &loading));
    TRY(load_ask(socket, model->large * (chunks(model) - 1), make_more,
                 &loading));
    *seconds_out = (double)(clock_ns() - began_ns) / (double)NS_PER_S;
    return ERROR_NONE;
}

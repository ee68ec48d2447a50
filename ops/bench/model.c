#include "ops/bench/model.h"

#include <stdio.h>

/* So many of the rooms of a size a user is taken to be in, of all 24. */
enum { IN_SMALL = 19, IN_MEDIUM = 3, IN_LARGE = 2 };

static unsigned share(unsigned of, unsigned small)
{
    unsigned n = (unsigned)((unsigned long)of * small / MODEL_SMALL);

    return n > 0 ? n : 1;
}

struct model model_of(unsigned small)
{
    struct model model = {
        .users = share(MODEL_USERS, small),
        .small = small,
        .medium = share(MODEL_MEDIUM, small),
        .large = share(MODEL_LARGE, small),
        .large_members = MODEL_LARGE_MEMBERS,
    };

    if (model.users < MODEL_MEDIUM_MEMBERS) {
        model.users = MODEL_MEDIUM_MEMBERS;
    }
    if (model.users < model.large_members) {
        model.large_members = model.users;
    }
    return model;
}

unsigned model_rooms(const struct model *model)
{
    return model->small + model->medium + model->large;
}

struct model_members model_members(const struct model *model, unsigned room)
{
    unsigned n = MODEL_SMALL_MEMBERS;

    if (room >= model->small + model->medium) {
        room -= model->small + model->medium;
        n = model->large_members;
    } else if (room >= model->small) {
        room -= model->small;
        n = MODEL_MEDIUM_MEMBERS;
    }
    return (struct model_members){
        (unsigned)((unsigned long)room * n % model->users), n};
}

unsigned long model_entries(const struct model *model)
{
    return (unsigned long)model->small * MODEL_SMALL_MEMBERS +
           (unsigned long)model->medium * MODEL_MEDIUM_MEMBERS +
           (unsigned long)model->large * model->large_members;
}

/* The rooms of one size, of n members each, that a user is in: places in their
 * row are the user's number, and every so many users on. */
static unsigned add(const struct model *model, unsigned user, unsigned members,
                    unsigned first, unsigned rooms_n, unsigned most,
                    unsigned *rooms)
{
    unsigned long end = (unsigned long)members * rooms_n;
    unsigned long place = user;
    unsigned n = 0;

    for (; place < end && n < most; place += model->users) {
        rooms[n++] = first + (unsigned)(place / members);
    }
    return n;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

unsigned model_rooms_of(const struct model *model, unsigned user,
                        unsigned *rooms, unsigned max)
{
    unsigned n = add(model, user, MODEL_SMALL_MEMBERS, 0, model->small,
                     least(IN_SMALL, max), rooms);

    n += add(model, user, MODEL_MEDIUM_MEMBERS, model->small, model->medium,
             least(IN_MEDIUM, max - n), rooms + n);
    return n + add(model, user, model->large_members,
                   model->small + model->medium, model->large,
                   least(IN_LARGE, max - n), rooms + n);
}

void model_room_name(unsigned room, char name[MODEL_NAME_BYTES])
{
    snprintf(name, MODEL_NAME_BYTES, "model-%05u", room + 1);
}

void model_user_name(unsigned user, char name[MODEL_NAME_BYTES])
{
    snprintf(name, MODEL_NAME_BYTES, "model%05u", user + 1);
}

struct guid model_room_id(unsigned room)
{
    struct guid id = {.bytes = "model-of-rooms"};

    for (unsigned i = 0; i < 4; i++) {
        id.bytes[GUID_BYTES - 1 - i] = (uint8_t)(room >> (8 * i));
    }
    return id;
}

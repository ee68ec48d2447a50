/* What administrators do in a town: they make the pool that guests expect, and
 * then change what guests do not look at. */
#include <stdio.h>
#include <string.h>

#include "node/chat/limits.h"
#include "proto/base/check.h"
#include "proto/codec.h"
#include "proto/command.h"
#include "tests/sim/town/archivist.h"
#include "tests/sim/town/town.h"

enum {
    BEGIN_US = 500 * TOWN_MS,
    TURN_US = 50 * TOWN_MS,
    CHANGE_US_MAX = 800 * TOWN_MS,
    STEP_POOL = 0,
    STEP_USERS = 1,
    STEP_CATEGORY = STEP_USERS + TOWN_GUESTS_MAX / 2,
    STEP_ROOMS,
    STEP_DONE = STEP_ROOMS + LEDGER_SQUARES,
    SIDE_ROOMS_UNTIL = STEP_DONE + 160, /* The twin has no room for more. */
    COUNCIL_US_MAX = 250 * TOWN_MS,
    COUNCIL_OF = 4,   /* Changes; all but one in so many. */
    ARCHIVIST_OF = 3, /* Changes, with an archive; one in so many. */
    NAME_BYTES = 64,
    ARENA_BYTES = 4096,
};

static const char *const guids[LEDGER_ROOMS] = {
    "11111111-1111-1111-1111-111111111111",
    "22222222-2222-2222-2222-222222222222",
    "33333333-3333-3333-3333-333333333333",
    "44444444-4444-4444-4444-444444444444",
    "55555555-5555-5555-5555-555555555555",
    "66666666-6666-6666-6666-666666666666",
    "77777777-7777-7777-7777-777777777777",
    "88888888-8888-8888-8888-888888888888",
    "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
    "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb",
    "cccccccc-cccc-cccc-cccc-cccccccccccc"};

const char *room_guid_text(unsigned room)
{
    return guids[room];
}

static ProtobufCBinaryData bytes_of(const char *text)
{
    return codec_bytes(slice_of_text(text));
}

static void guid_of(unsigned first, struct guid *guid_out)
{
    memset(guid_out, 0, sizeof(*guid_out));
    guid_out->bytes[0] = (uint8_t)first;
    guid_out->bytes[GUID_BYTES - 1] = 9;
}

/* What a command points to while it is written. */
struct text {
    char name[NAME_BYTES];
    struct guid guid, category;
};

static void make_pool(Perch__Command *command, Perch__PoolPut *put)
{
    perch__pool_put__init(put);
    CODEC_SET(put, domain, bytes_of(TOWN_DOMAIN));
    CODEC_SET(put, pool_uri, bytes_of(TOWN_POOL_URI));
    command->kind_case = PERCH__COMMAND__KIND_POOL_PUT;
    command->pool_put = put;
}

static void make_user(Perch__Command *command, Perch__UserCreate *user,
                      unsigned number, struct text *text)
{
    perch__user_create__init(user);
    snprintf(text->name, sizeof(text->name), "sip:g%u@" TOWN_DOMAIN, number);
    CODEC_SET(user, uri, bytes_of(text->name));
    CODEC_SET(user, ha1, bytes_of("0123456789abcdef"));
    command->kind_case = PERCH__COMMAND__KIND_USER_CREATE;
    command->user_create = user;
}

static void make_category(Perch__Command *command,
                          Perch__CategoryCreate *category, struct text *text)
{
    perch__category_create__init(category);
    CODEC_SET(category, category,
              codec_bytes(slice_of(text->category.bytes, GUID_BYTES)));
    CODEC_SET(category, name, bytes_of("Town"));
    command->kind_case = PERCH__COMMAND__KIND_CATEGORY_CREATE;
    command->category_create = category;
}

static void make_room(Perch__Command *command, Perch__RoomCreate *room,
                      struct text *text)
{
    perch__room_create__init(room);
    CODEC_SET(room, room, codec_bytes(slice_of(text->guid.bytes, GUID_BYTES)));
    CODEC_SET(room, category,
              codec_bytes(slice_of(text->category.bytes, GUID_BYTES)));
    CODEC_SET(room, name, bytes_of(text->name));
    CODEC_SET(room, visibility, PERCH__VISIBILITY__OPEN);
    command->kind_case = PERCH__COMMAND__KIND_ROOM_CREATE;
    command->room_create = room;
}

/* A user's displayed name changes; nothing that guests check. */
static void make_change(Perch__Command *command, Perch__UserChange *change,
                        struct town *town, struct text *text,
                        char uri[NAME_BYTES])
{
    perch__user_change__init(change);
    snprintf(uri, NAME_BYTES, "sip:g%u@" TOWN_DOMAIN,
             (unsigned)random_below(&town->random, TOWN_GUESTS_MAX / 2));
    snprintf(text->name, sizeof(text->name), "Guest %u", town->founder.step);
    CODEC_SET(change, uri, bytes_of(uri));
    CODEC_SET(change, display_name, bytes_of(text->name));
    command->kind_case = PERCH__COMMAND__KIND_USER_CHANGE;
    command->user_change = change;
}

static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects);

static void propose(struct town *town, Perch__Command *command)
{
    struct founder *founder = &town->founder;
    struct sessions *sessions = backend_sessions(founder->host->backend);

    if (!command->has_administrator && !archivist_is_nodes(command)) {
        CODEC_SET_BYTES(command, administrator, SLICE_LITERAL("root"));
        if (town->witness != NULL &&
            witness_rules(town->witness) >= RULES_TALK) {
            CODEC_SET(command, credential, PERCH__CREDENTIAL__LOCAL);
        }
    }
    if (!archivist_is_nodes(command)) {
        CODEC_SET_BYTES(command, source, SLICE_LITERAL("socket"));
    }
    founder->proposal = (struct proposal){.tell = told, .patience_ms = 10000};
    if (proposer_propose(sessions_proposer(sessions), &founder->proposal,
                         command) != ERROR_NONE) {
        founder->host = NULL;
    }
}

static bool has(const struct town *town, enum mishap mishap)
{
    return town->mishaps >> mishap & 1;
}

static void take_step(struct town *town)
{
    Perch__Command command = PERCH__COMMAND__INIT;
    unsigned step = town->founder.step;
    struct arena *arena = arena_new(ARENA_BYTES);
    char uri[NAME_BYTES];
    struct text text;
    union {
        Perch__PoolPut pool;
        Perch__UserCreate user;
        Perch__CategoryCreate category;
        Perch__RoomCreate room;
        Perch__UserChange change;
    } as;

    CHECK(arena != NULL);
    guid_of(0x99, &text.category);
    if (step == STEP_POOL) {
        make_pool(&command, &as.pool);
    } else if (step < STEP_CATEGORY) {
        make_user(&command, &as.user, step - STEP_USERS, &text);
    } else if (step == STEP_CATEGORY) {
        make_category(&command, &as.category, &text);
    } else if (step < STEP_DONE) {
        CHECK(guid_read(slice_of_text(guids[step - STEP_ROOMS]), &text.guid) ==
              ERROR_NONE);
        snprintf(text.name, sizeof(text.name), "Room %u", step - STEP_ROOMS);
        make_room(&command, &as.room, &text);
    } else if (has(town, MISHAP_ARCHIVE) &&
               random_below(&town->council.random, ARCHIVIST_OF) == 0) {
        archivist_decide(town, arena, &command);
    } else if (has(town, MISHAP_PEOPLE) &&
               random_below(&town->council.random, COUNCIL_OF) > 0) {
        council_decide(town, arena, &command);
    } else if (step % 4 == 0 &&
               step < SIDE_ROOMS_UNTIL) { /* A room that nobody enters. */
        guid_of(step & 0xff, &text.guid);
        text.guid.bytes[1] = (uint8_t)(step >> 8) | 1;
        snprintf(text.name, sizeof(text.name), "Side room %u", step);
        make_room(&command, &as.room, &text);
    } else {
        make_change(&command, &as.change, town, &text, uri);
    }
    propose(town, &command);
    arena_free(arena);
}

/* Refusals are as good: it was done by a try whose answer got lost. */
static void told(struct proposal *proposal, enum proposal_fate fate,
                 const struct applied *applied, const struct effects *effects)
{
    struct founder *founder =
        (struct founder *)((char *)proposal -
                           offsetof(struct founder, proposal));

    (void)effects;
    if (fate == PROPOSAL_APPLIED) {
        town_trace(founder->host->town, "change: %s",
                   outcome_name(applied->outcome));
    }
    founder->host = NULL;
    founder->step += fate == PROPOSAL_APPLIED;
}

/* The host was ended, and with it who would have told. */
static bool is_orphaned(const struct founder *founder)
{
    return founder->host != NULL && (founder->host->backend == NULL ||
                                     founder->host->life != founder->life);
}

static void on_turn(void *context)
{
    struct town *town = context;
    struct founder *founder = &town->founder;
    struct host *host =
        &town->hosts[random_below(&town->random, town->settings.hosts)];
    bool people = has(town, MISHAP_PEOPLE);

    if (is_orphaned(founder)) {
        founder->host = NULL;
    }
    if (founder->host == NULL && host_is_up(host) && !town->closing &&
        (founder->step < STEP_DONE || people || has(town, MISHAP_ARCHIVE) ||
         has(town, MISHAP_CHANGE))) {
        founder->host = host;
        founder->life = host->life;
        take_step(town);
    }
    town_later(town,
               founder->step < STEP_DONE
                   ? TURN_US
                   : random_between(&town->random, TURN_US,
                                    people ? COUNCIL_US_MAX : CHANGE_US_MAX),
               on_turn, town);
}

bool founder_is_done(const struct town *town)
{
    return town->founder.step >= STEP_DONE;
}

void founder_begin(struct town *town)
{
    town_later(town, BEGIN_US, on_turn, town);
}

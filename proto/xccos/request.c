#include "proto/xccos/request.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/xccos/text.h"

enum { FAULT_TEXT_BYTES_MAX = 128 };

/* What the readers below get and give. */
struct reading {
    const struct xccos_data *data;
    struct arena *arena;
    struct xccos_request *request;
    const char *why; /* Set on refusal. */
};

static enum xccos_code refuse(struct reading *reading, const char *why)
{
    reading->why = why;
    return XCCOS_CODE_INVALID_ARGUMENT;
}

static enum xccos_code read_nothing(struct reading *reading)
{
    (void)reading;
    return XCCOS_CODE_OK;
}

static enum xccos_code read_getserverinfo(struct reading *reading)
{
    const struct xccos_server_info *info = reading->data->server_info;

    reading->request->info_type = XCCOS_INFO_TYPE_ALL;
    if (info != NULL && info->info_type.set) {
        reading->request->info_type = (uint32_t)info->info_type.value;
    }
    return XCCOS_CODE_OK;
}

static enum xccos_code read_preference(struct reading *reading)
{
    const struct xccos_preference *preference = reading->data->preference;

    if (preference == NULL || preference->label.len == 0) {
        return refuse(reading, "a pref with a label is missing");
    }
    reading->request->preference = *preference;
    return XCCOS_CODE_OK;
}

static enum xccos_code read_getassociations(struct reading *reading)
{
    struct xccos_association *association = &reading->request->association;

    if (reading->data->association != NULL) {
        *association = *reading->data->association;
    }
    if (association->kind == XCCOS_ASSOCIATION_UNSET) {
        association->kind = XCCOS_ASSOCIATION_MEMBER;
    }
    return XCCOS_CODE_OK;
}

static enum xccos_code read_chansrch(struct reading *reading)
{
    struct xccos_room_query *search = &reading->request->search;

    if (reading->data->room_query != NULL) {
        *search = *reading->data->room_query;
    }
    if (search->search == XCCOS_SEARCH_UNSET) {
        search->search = XCCOS_SEARCH_BYNAME;
    }
    return XCCOS_CODE_OK;
}

static enum xccos_code read_getinv(struct reading *reading)
{
    const struct xccos_invitation *invitation = reading->data->invitations;

    reading->request->after_invitation = 0;
    if (invitation != NULL && invitation->id.set) {
        reading->request->after_invitation = invitation->id.value;
    }
    return XCCOS_CODE_OK;
}

static enum xccos_code read_rooms(struct reading *reading)
{
    const struct xccos_room_id *id;
    struct xccos_name *names;
    size_t n = 0;

    for (id = reading->data->room_ids; id != NULL; id = id->next) {
        n++;
    }
    if (n == 0) {
        return refuse(reading, "a chanid that names a room is missing");
    }
    names = arena_alloc(reading->arena, n * sizeof(*names));
    if (names == NULL) {
        return XCCOS_CODE_BUSY;
    }
    reading->request->rooms.names = names;
    n = 0;
    for (id = reading->data->room_ids; id != NULL; id = id->next) {
        reading->request->rooms.knows_revisions |=
            id->revisions == XCCOS_FLAG_TRUE;
        if (!guid_is_nil(&id->guid) && xccos_domain_is_valid(id->domain)) {
            names[n++] = (struct xccos_name){id->domain, id->guid};
        }
    }
    reading->request->rooms.n = n;
    return n > 0 ? XCCOS_CODE_OK
                 : refuse(reading, "a chanid needs a domain and a room's guid "
                                   "as its value");
}

/* Without rooms: all that the user follows. */
static enum xccos_code read_getnews(struct reading *reading)
{
    return reading->data->room_ids == NULL ? XCCOS_CODE_OK
                                           : read_rooms(reading);
}

static enum xccos_code read_room_name(struct reading *reading,
                                      struct xccos_name *name_out)
{
    const struct xccos_room *room = reading->data->rooms;

    if (room == NULL || room->uri.len == 0) {
        return refuse(reading, "a chanib with the room's uri is missing");
    }
    if (xccos_room_uri_read(room->uri, name_out) != ERROR_NONE) {
        return refuse(reading, "the chanib uri is not that of a room");
    }
    return XCCOS_CODE_OK;
}

static enum xccos_code read_part(struct reading *reading)
{
    return read_room_name(reading, &reading->request->room);
}

static enum xccos_code read_markread(struct reading *reading)
{
    const struct xccos_room *room = reading->data->rooms;
    enum xccos_code code =
        read_room_name(reading, &reading->request->mark.room);

    if (code == XCCOS_CODE_OK && room->news != NULL) {
        reading->request->mark.message_id = room->news->read;
        reading->request->mark.back = room->news->back == XCCOS_FLAG_TRUE;
    }
    return code;
}

static enum xccos_code read_setfeeds(struct reading *reading)
{
    reading->request->feeds = reading->data->feeds;
    return reading->data->feeds != NULL
               ? XCCOS_CODE_OK
               : refuse(reading, "the feeds, or none, are missing");
}

static enum xccos_code read_history(struct reading *reading)
{
    struct xccos_history_request *history = &reading->request->history;

    if (reading->data->history_query != NULL) {
        history->query = *reading->data->history_query;
    }
    history->has_room = reading->data->rooms != NULL;
    if (!history->has_room) {
        return XCCOS_CODE_OK;
    }
    return read_room_name(reading, &history->room);
}

static enum xccos_code read_getusers(struct reading *reading)
{
    enum xccos_code code =
        read_room_name(reading, &reading->request->people.room);

    if (code == XCCOS_CODE_OK && reading->data->rooms->users != NULL) {
        reading->request->people.role = reading->data->rooms->users->role;
    }
    return code;
}

/* The room's category, where it is given. */
static enum xccos_code read_parent(struct reading *reading)
{
    struct xccos_management *management = &reading->request->management;
    struct slice parent = management->block->parent;

    management->has_category = parent.len > 0;
    if (management->has_category &&
        xccos_category_uri_read(parent, &management->category) != ERROR_NONE) {
        return refuse(reading,
                      "the chanib parent is not the uri of a category");
    }
    return XCCOS_CODE_OK;
}

/* The room's category and add-in, where they are given. */
static enum xccos_code read_ties(struct reading *reading)
{
    struct xccos_management *management = &reading->request->management;
    struct slice addin = management->block->addin_id;

    management->has_addin = addin.len > 0;
    if (management->has_addin &&
        !slice_equal_nocase(addin, SLICE_LITERAL("none")) &&
        guid_read(addin, &management->addin) != ERROR_NONE) {
        return refuse(reading, "the chanib siopid is not the id of an add-in");
    }
    return read_parent(reading);
}

static enum xccos_code read_new_room(struct reading *reading)
{
    const struct xccos_room *room = reading->data->rooms;

    if (room == NULL || room->name.len == 0 || room->parent.len == 0) {
        return refuse(
            reading, "a chanib with the new room's name and parent is missing");
    }
    reading->request->management.block = room;
    return read_ties(reading);
}

static enum xccos_code read_room_change(struct reading *reading)
{
    struct xccos_management *management = &reading->request->management;
    enum xccos_code code = read_room_name(reading, &management->room);

    if (code != XCCOS_CODE_OK) {
        return code;
    }
    management->has_room = true;
    management->block = reading->data->rooms;
    return read_ties(reading);
}

static enum xccos_code read_permissions(struct reading *reading)
{
    enum xccos_code code = read_room_change(reading);
    const struct xccos_user *user;

    if (code != XCCOS_CODE_OK) {
        return code;
    }
    for (user = reading->data->rooms->users; user != NULL; user = user->next) {
        if (user->uri.len == 0) {
            return refuse(reading, "a uib in the chanib needs a uri");
        }
    }
    return reading->data->rooms->users != NULL
               ? XCCOS_CODE_OK
               : refuse(reading, "a uib with a role is missing in the chanib");
}

static enum xccos_code read_message(struct reading *reading)
{
    struct xccos_revision *revision = &reading->request->revision;
    enum xccos_code code = read_room_name(reading, &revision->room);

    if (code != XCCOS_CODE_OK) {
        return code;
    }
    revision->message = reading->data->rooms->messages;
    return revision->message != NULL && revision->message->message_id.set
               ? XCCOS_CODE_OK
               : refuse(reading, "a msg with a chatId is missing in the "
                                 "chanib");
}

/* What a client may ask, and who reads it. A verb without a row is answered
 * 501 under its own name. */
static enum xccos_code (*const readers[XCCOS_VERB_COUNT])(struct reading *) = {
    [XCCOS_VERB_REQURI] = read_nothing,
    [XCCOS_VERB_GETSERVERINFO] = read_getserverinfo,
    [XCCOS_VERB_GETPREF] = read_preference,
    [XCCOS_VERB_SETPREF] = read_preference,
    [XCCOS_VERB_GETASSOCIATIONS] = read_getassociations,
    [XCCOS_VERB_CHANSRCH] = read_chansrch,
    [XCCOS_VERB_USERSRCH] = read_chansrch,
    [XCCOS_VERB_GETINV] = read_getinv,
    [XCCOS_VERB_NODESPERMCREATECHILD] = read_nothing,
    [XCCOS_VERB_JOIN] = read_rooms,
    [XCCOS_VERB_BJOIN] = read_rooms,
    [XCCOS_VERB_PART] = read_part,
    [XCCOS_VERB_BCCONTEXT] = read_history,
    [XCCOS_VERB_BCSEARCH] = read_history,
    [XCCOS_VERB_GETUSERS] = read_getusers,
    [XCCOS_VERB_CHANCREATE] = read_new_room,
    [XCCOS_VERB_CHANMODIFY] = read_room_change,
    [XCCOS_VERB_CHANDELETE] = read_room_change,
    [XCCOS_VERB_PERMADD] = read_permissions,
    [XCCOS_VERB_PERMDEL] = read_permissions,
    [XCCOS_VERB_PURGE] = read_part,
    [XCCOS_VERB_MODMSG] = read_message,
    [XCCOS_VERB_DELMSG] = read_message,
    [XCCOS_VERB_GETNEWS] = read_getnews,
    [XCCOS_VERB_MARKREAD] = read_markread,
    [XCCOS_VERB_GETFEEDS] = read_nothing,
    [XCCOS_VERB_SETFEEDS] = read_setfeeds,
};

/* Put a fault into words: "chanid value is not valid". */
static struct slice describe(const struct xccos_fault *fault,
                             struct arena *arena)
{
    char text[FAULT_TEXT_BYTES_MAX];
    int len;

    if (fault->attribute == NULL) {
        len = snprintf(text, sizeof(text), "the text of %s is not valid",
                       fault->element);
    } else {
        len = snprintf(text, sizeof(text), "%s %s is not valid", fault->element,
                       fault->attribute);
    }
    CHECK(len > 0 && len < FAULT_TEXT_BYTES_MAX);
    return arena_copy_slice(arena, slice_of(text, (size_t)len));
}

/* A room of a list that is misspelt is no fault of the others: pidgin-sipe asks
 * for all its rooms at once, by addresses that people may have typed. */
static bool is_spared(const struct xccos_primitive *command)
{
    const struct xccos_room_id *ids = command->data.room_ids;

    return strcmp(command->fault.element, "chanid") == 0 && ids != NULL &&
           ids->next != NULL;
}

enum xccos_code xccos_request_read(const struct xccos_primitive *command,
                                   struct arena *arena,
                                   struct xccos_request *request_out,
                                   struct slice *why_out)
{
    struct reading reading = {&command->data, arena, request_out, NULL};
    enum xccos_code code;

    CHECK(command->kind == XCCOS_KIND_COMMAND);
    *request_out = (struct xccos_request){.verb = command->verb};
    *why_out = SLICE_NONE;
    if (readers[command->verb] == NULL) {
        *why_out = slice_of_text("this server does not know the command");
        return XCCOS_CODE_NOT_SUPPORTED;
    }
    if (command->fault.element != NULL && !is_spared(command)) {
        *why_out = describe(&command->fault, arena);
        return XCCOS_CODE_INVALID_ARGUMENT;
    }
    code = readers[command->verb](&reading);
    *why_out = slice_of_text(reading.why);
    return code;
}

static enum xccos_code lay_out_post(const struct xccos_message *message,
                                    struct xccos_post *post)
{
    post->author = message->author;
    post->sent_at = message->sent_at;
    post->text = message->text;
    post->is_alert = message->alert == XCCOS_FLAG_TRUE;
    post->is_story = message->story == XCCOS_FLAG_TRUE ||
                     slice_begins(message->text, SLICE_LITERAL("[STORY]"));
    post->retry_id = message->retry_id;
    post->carried_attributes = message->carried_attributes;
    post->carried_children = message->carried_children;
    if (xccos_text_check(message->text, &post->characters) !=
            XCCOS_ERROR_NONE ||
        xccos_room_uri_read(message->room_uri, &post->room) != ERROR_NONE) {
        return XCCOS_CODE_INVALID_ARGUMENT;
    }
    return XCCOS_CODE_OK;
}

enum xccos_code xccos_post_read(const struct xccos_primitive *message,
                                struct arena *arena,
                                struct xccos_post *post_out,
                                struct slice *why_out)
{
    enum xccos_code code;

    CHECK(message->kind == XCCOS_KIND_MESSAGE);
    *why_out = SLICE_NONE;
    if (message->fault.element != NULL) {
        *why_out = describe(&message->fault, arena);
        return XCCOS_CODE_INVALID_ARGUMENT;
    }
    *post_out = (struct xccos_post){.characters = 0};
    code = lay_out_post(&message->message, post_out);
    if (code != XCCOS_CODE_OK) {
        *why_out = slice_of_text("grpchat chanUri is not that of a room");
    }
    return code;
}

#include "node/admin/attention.h"

#include "node/chat/attending.h"
#include "node/chat/query.h"
#include "node/chat/view.h"
#include "proto/store.pb-c.h"

struct showing {
    struct answer *answer;
    Perch__Admin__UsersShowReply *body;
};

static bool show_room(void *context, const struct attended *attended)
{
    struct showing *showing = context;
    struct answer *answer = showing->answer;
    char guid[GUID_TEXT_BYTES + 1];
    Perch__Admin__AttendedRoom *shown;
    struct room_view view;
    struct pool_view pool;

    if (showing->body->n_attended == ATTENDED_SHOWN_MAX) {
        CODEC_SET(showing->body, attended_more, true);
        return false;
    }
    shown = answer_new(answer, &perch__admin__attended_room__descriptor);
    view_room(attended->room, &view);
    query_pool(answer->machine, &pool);
    guid_write(&view.place.guid, guid);
    CODEC_SET_BYTES(shown, uri,
                    answer_printf(answer, "ma-chan://%.*s/%s",
                                  SLICE_PRINT(pool.domain), guid));
    CODEC_SET_BYTES(shown, name, view.place.name);
    CODEC_SET(shown, follows, attended->follows);
    CODEC_SET(shown, read, attended->read_id);
    CODEC_SET(shown, last, view.message_id_last);
    showing->body->attended[showing->body->n_attended++] = shown;
    return true;
}

static void show_feeds(struct answer *answer, const Perch__Stored__Feeds *row,
                       Perch__Admin__UsersShowReply *body)
{
    body->feeds =
        answer_alloc(answer, (row->n_feeds + 1) * sizeof(*body->feeds));
    for (size_t i = 0; i < row->n_feeds; i++) {
        Perch__Admin__Feed *shown =
            answer_new(answer, &perch__admin__feed__descriptor);

        CODEC_SET_BYTES(shown, name, codec_slice(row->feeds[i]->name));
        shown->n_words = row->feeds[i]->n_words;
        shown->words = row->feeds[i]->words;
        shown->n_authors = row->feeds[i]->n_authors;
        shown->authors = row->feeds[i]->authors;
        body->feeds[body->n_feeds++] = shown;
    }
}

void attention_show(struct answer *answer, const struct user *user,
                    Perch__Admin__UsersShowReply *body)
{
    struct showing showing = {answer, body};
    Perch__Stored__Feeds *row = NULL;
    uint32_t version;
    struct slice feeds = attending_feeds(user, &version);

    body->attended =
        answer_alloc(answer, ATTENDED_SHOWN_MAX * sizeof(*body->attended));
    attending_rooms(answer->machine, user, show_room, &showing);
    if (codec_read(answer->arena, &perch__stored__feeds__descriptor, feeds,
                   &row) == ERROR_NONE) {
        show_feeds(answer, row, body);
    }
}

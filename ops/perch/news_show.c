#include "ops/perch/news_show.h"

#include <inttypes.h>

#include "ops/perch/events_json.h"

static void add_feeds(struct buffer *line, const struct xccos_news *news)
{
    for (const struct xccos_hits *hits = news->hits; hits != NULL;
         hits = hits->next) {
        buffer_printf(line, ", %" PRIu64 " of %.*s", hits->count.value,
                      SLICE_PRINT(hits->feed));
    }
}

void show_news(struct screen *screen, const struct xccos_room *room)
{
    struct buffer line = BUFFER_EMPTY;
    const struct xccos_news *news = room->news;
    struct slice name = room->name.len > 0 ? room->name : room->uri;

    if (screen->is_json) {
        screen_json(screen, json_news(room));
        return;
    }
    if (news == NULL) {
        return;
    }
    buffer_printf(&line, "%.*s: %" PRIu64 " unread", SLICE_PRINT(name),
                  news->unread.value);
    if (news->mentions.value > 0) {
        buffer_printf(&line, ", %" PRIu64 " name you", news->mentions.value);
    }
    add_feeds(&line, news);
    if (news->cut == XCCOS_FLAG_TRUE) {
        buffer_append_text(&line, ", and more that was not looked through");
    }
    screen_line(screen, "%.*s", (int)line.len, (const char *)line.data);
    buffer_deinit(&line);
}

void show_fresh(struct screen *screen, const struct client_event *event)
{
    if (event->kind != CLIENT_EVENT_NEWS && event->kind != CLIENT_EVENT_READ) {
        return;
    }
    if (screen->is_json) {
        screen_json(screen, json_event(event));
    } else if (event->news == NULL) {
        screen_line(screen, "there is news; \"perch news\" says where");
    } else if (event->kind == CLIENT_EVENT_NEWS) {
        screen_line(screen, "%.*s: something new, up to %" PRIu64,
                    SLICE_PRINT(event->room_name), event->news->last.value);
    } else {
        screen_line(screen, "%.*s: read up to %" PRIu64,
                    SLICE_PRINT(event->room_uri), event->news->read.value);
    }
}

void show_followed(struct screen *screen, const struct roaming_item *rooms)
{
    for (; rooms != NULL; rooms = rooms->next) {
        json_t *object;

        if (!screen->is_json) {
            screen_line(screen, "%.*s  %.*s", SLICE_PRINT(rooms->name),
                        SLICE_PRINT(rooms->url));
            continue;
        }
        object = json_object();
        json_object_set_new(object, "event", json_string("followed"));
        json_object_set_new(object, "room", json_text(rooms->url));
        json_object_set_new(object, "name", json_text(rooms->name));
        screen_json(screen, object);
    }
}

static void show_feed(struct screen *screen, const struct xccos_feed *feed)
{
    struct buffer line = BUFFER_EMPTY;

    buffer_printf(&line, "%.*s:", SLICE_PRINT(feed->name));
    for (const struct xccos_word *word = feed->words; word != NULL;
         word = word->next) {
        buffer_printf(&line, " \"%.*s\"", SLICE_PRINT(word->text));
    }
    for (const struct xccos_author *author = feed->authors; author != NULL;
         author = author->next) {
        buffer_printf(&line, " by %.*s", SLICE_PRINT(author->uri));
    }
    screen_line(screen, "%.*s", (int)line.len, (const char *)line.data);
    buffer_deinit(&line);
}

void show_feeds(struct screen *screen, const struct xccos_feeds *feeds)
{
    const struct xccos_feed *feed = feeds == NULL ? NULL : feeds->feeds;

    for (; feed != NULL; feed = feed->next) {
        if (screen->is_json) {
            screen_json(screen, json_feed(feed));
        } else {
            show_feed(screen, feed);
        }
    }
}

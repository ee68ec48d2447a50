/* What is unread, followed and looked for: lines for people, or JSON.
 *
 * Thread: main.
 */
#ifndef OPS_PERCH_NEWS_SHOW_H
#define OPS_PERCH_NEWS_SHOW_H

#include "ops/perch/screen.h"

/** Show what is unread in a room. */
void show_news(struct screen *screen, const struct xccos_room *room);

/** Show word of news, or of a mark that has moved; nothing else. */
void show_fresh(struct screen *screen, const struct client_event *event);

/** Show the rooms that are followed. */
void show_followed(struct screen *screen, const struct roaming_item *rooms);

/** Show feeds. */
void show_feeds(struct screen *screen, const struct xccos_feeds *feeds);

#endif

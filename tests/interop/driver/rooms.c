#include "tests/interop/driver/rooms.h"

#include <jansson.h>
#include <purple.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/interop/driver/account.h"
#include "tests/interop/driver/report.h"

/* ---- Windows ---- */

static json_t *room_of(const PurpleConversation *conversation)
{
    return report_text(purple_conversation_get_name(conversation));
}

/* Markup as a window shows it. */
static json_t *shown_text(const char *markup)
{
    char *lines = purple_strreplace(markup, "\r\n", "\n");
    char *text = purple_unescape_html(lines);
    json_t *string = report_text(text);

    g_free(text);
    g_free(lines);
    return string;
}

static void on_message(PurpleConversation *conversation, const char *who,
                       const char *markup, PurpleMessageFlags flags, time_t at)
{
    if (flags & PURPLE_MESSAGE_SYSTEM) {
        return; /* Comings and goings have their own events. */
    }
    report_take("message",
                json_pack("{s:o, s:o, s:o, s:I, s:b, s:o}", "room",
                          room_of(conversation), "author", report_text(who),
                          "text", shown_text(markup), "at", (json_int_t)at,
                          "mine", (flags & PURPLE_MESSAGE_SEND) != 0, "markup",
                          report_text(markup)));
}

/* What a window shows that nobody said. */
static void on_line(PurpleConversation *conversation, const char *name,
                    const char *alias, const char *markup,
                    PurpleMessageFlags flags, time_t at)
{
    (void)name;
    (void)alias;
    (void)at;
    if (flags & PURPLE_MESSAGE_ERROR) {
        report_take("error",
                    json_pack("{s:o, s:o}", "room", room_of(conversation),
                              "text", shown_text(markup)));
    }
}

static json_t *user_of(const PurpleConvChatBuddy *user)
{
    return json_pack("{s:o, s:b}", "user", report_text(user->name), "operator",
                     (user->flags & PURPLE_CBFLAGS_OP) != 0);
}

static json_t *users_of(const GList *list)
{
    json_t *users = json_array();

    for (const GList *each = list; each != NULL; each = each->next) {
        json_array_append_new(users, user_of(each->data));
    }
    return users;
}

static void on_entered(PurpleConversation *conversation, GList *list,
                       gboolean is_new)
{
    report_take("entered",
                json_pack("{s:o, s:b, s:o}", "room", room_of(conversation),
                          "new", is_new, "users", users_of(list)));
}

static void on_left(PurpleConversation *conversation, GList *list)
{
    json_t *users = json_array();

    for (const GList *each = list; each != NULL; each = each->next) {
        json_array_append_new(users, report_text(each->data));
    }
    report_take("left", json_pack("{s:o, s:o}", "room", room_of(conversation),
                                  "users", users));
}

static void on_joined(PurpleConversation *conversation, gpointer unused)
{
    (void)unused;
    report_take("joined", json_pack("{s:o}", "room", room_of(conversation)));
}

static void on_closed(PurpleConversation *conversation)
{
    report_take("closed", json_pack("{s:o}", "room", room_of(conversation)));
}

static PurpleConversationUiOps windows = {
    .destroy_conversation = on_closed,
    .write_chat = on_message,
    .write_conv = on_line,
    .chat_add_users = on_entered,
    .chat_remove_users = on_left,
};

/* ---- The list of rooms ---- */

static json_t *field_value(const PurpleRoomlistField *field, gpointer value)
{
    switch (field->type) {
    case PURPLE_ROOMLIST_FIELD_BOOL:
        return json_boolean(GPOINTER_TO_INT(value));
    case PURPLE_ROOMLIST_FIELD_INT:
        return json_integer(GPOINTER_TO_INT(value));
    case PURPLE_ROOMLIST_FIELD_STRING:
        break;
    }
    return report_text(value);
}

static void on_room(PurpleRoomlist *list, PurpleRoomlistRoom *room)
{
    const GList *field = list->fields;
    const GList *value = purple_roomlist_room_get_fields(room);
    json_t *members = json_pack(
        "{s:o}", "name", report_text(purple_roomlist_room_get_name(room)));

    while (field != NULL && value != NULL) {
        const PurpleRoomlistField *each = field->data;

        json_object_set_new(members, each->name,
                            field_value(each, value->data));
        field = field->next;
        value = value->next;
    }
    report_take("room", members);
}

/* Within a request for a list, the end of the one before it is no news. */
static bool is_asking;

static void on_progress(PurpleRoomlist *list, gboolean goes_on)
{
    (void)list;
    if (!goes_on && !is_asking) {
        report_take("listed", NULL);
    }
}

static PurpleRoomlistUiOps lists = {
    .add_room = on_room,
    .in_progress = on_progress,
};

void rooms_init(void)
{
    static int handle; /* Its address names us to libpurple. */

    purple_conversations_set_ui_ops(&windows);
    purple_roomlist_set_ui_ops(&lists);
    purple_signal_connect(purple_conversations_get_handle(), "chat-joined",
                          &handle, PURPLE_CALLBACK(on_joined), NULL);
}

/* ---- What the user does ---- */

static PurpleConnection *connection_or_refuse(void)
{
    PurpleConnection *connection = account_connection();

    if (connection == NULL) {
        report_refusal("not connected");
    }
    return connection;
}

static PurpleConversation *window_or_refuse(const char *room)
{
    for (GList *each = purple_get_chats(); each != NULL; each = each->next) {
        if (strcmp(purple_conversation_get_name(each->data), room) == 0) {
            return each->data;
        }
    }
    report_refusal("there is no window of %s", room);
    return NULL;
}

void rooms_list(void)
{
    PurpleConnection *connection = connection_or_refuse();
    const PurpleRoomlist *list;

    if (connection == NULL) {
        return;
    }
    is_asking = true;
    list = purple_roomlist_get_list(connection); /* The plugin's, not ours. */
    is_asking = false;
    if (list == NULL) {
        report_refusal("the plugin has no chat yet");
    }
}

void rooms_join(const char *uri)
{
    PurpleConnection *connection = connection_or_refuse();
    GHashTable *components;

    if (connection == NULL) {
        return;
    }
    components = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    g_hash_table_insert(components, (gpointer)(uintptr_t) "uri", g_strdup(uri));
    serv_join_chat(connection, components);
    g_hash_table_destroy(components);
}

void rooms_say_markup(const char *room, const char *markup)
{
    PurpleConversation *window = window_or_refuse(room);

    if (window == NULL || connection_or_refuse() == NULL) {
        return; /* libpurple would drop it without a word. */
    }
    purple_conv_chat_send(PURPLE_CONV_CHAT(window), markup);
}

void rooms_say(const char *room, const char *text)
{
    char *escaped = g_markup_escape_text(text, -1);
    char *markup = purple_strreplace(escaped, "\n", "<br>");

    rooms_say_markup(room, markup);
    g_free(markup);
    g_free(escaped);
}

void rooms_leave(const char *room)
{
    PurpleConversation *window = window_or_refuse(room);

    if (window != NULL) {
        purple_conversation_destroy(window);
    }
}

void rooms_roster(const char *room)
{
    PurpleConversation *window = window_or_refuse(room);

    if (window != NULL) {
        report_take("roster", json_pack("{s:s, s:o}", "room", room, "users",
                                        users_of(purple_conv_chat_get_users(
                                            PURPLE_CONV_CHAT(window)))));
    }
}

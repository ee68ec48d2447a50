/* What an XCCOS body says, as structs: the same for reading and for writing.
 *
 * An envelope holds primitives: a command, a reply, a notice or a message. All
 * but messages carry data, and data is made of blocks. Each struct names its
 * element; schema.c has the table that ties members to attributes, and both
 * the reader and the writer run on that table.
 *
 * A zeroed struct says nothing: empty text, unset numbers, flags and words are
 * not written, and a reader leaves them so when the element does not have
 * them. Lists are linked through next, in the order of the body.
 *
 * Ownership: what was read lives in the arena it was read into; what is to be
 * written is borrowed for the call.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_ENVELOPE_H
#define PROTO_XCCOS_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/guid.h"
#include "proto/base/slice.h"
#include "proto/xccos/verb.h"

#define XCCOS_SPACE "urn:parlano:xml:ns:xccos"

/* Attributes of perch's own live here, where no client looks. */
#define XCCOS_PERCH_SPACE "urn:perch:xccos"

struct xccos_number {
    bool set;
    uint64_t value;
};

struct xccos_moment {
    bool set;
    int64_t wall_us; /* Since 1970 UTC. */
};

#define XCCOS_NUMBER(n)  ((struct xccos_number){true, (n)})
#define XCCOS_MOMENT(us) ((struct xccos_moment){true, (us)})

enum xccos_flag { XCCOS_FLAG_UNSET, XCCOS_FLAG_FALSE, XCCOS_FLAG_TRUE };

enum xccos_behavior {
    XCCOS_BEHAVIOR_UNSET,
    XCCOS_BEHAVIOR_NORMAL,
    XCCOS_BEHAVIOR_AUDITORIUM,
};

enum xccos_visibility {
    XCCOS_VISIBILITY_UNSET,
    XCCOS_VISIBILITY_OPEN,
    XCCOS_VISIBILITY_SCOPED,  /* Closed. */
    XCCOS_VISIBILITY_PRIVATE, /* Secret. */
};

enum xccos_role {
    XCCOS_ROLE_UNSET,
    XCCOS_ROLE_MEMBER,
    XCCOS_ROLE_PRESENTER,
    XCCOS_ROLE_MANAGER,
};

enum xccos_search {
    XCCOS_SEARCH_UNSET, /* Also a qtype perch does not know: as BYNAME. */
    XCCOS_SEARCH_BYNAME,
    XCCOS_SEARCH_BYCATEGORY,
    XCCOS_SEARCH_BYMEMBER,
    XCCOS_SEARCH_BYMANAGER,
    XCCOS_SEARCH_BYJOINED,
    XCCOS_SEARCH_MINE,
    XCCOS_SEARCH_MANAGED,
    XCCOS_SEARCH_INVITED,
    XCCOS_SEARCH_USERBYNAME,
};

enum xccos_direction {
    XCCOS_DIRECTION_UNSET,
    XCCOS_DIRECTION_FORWARD,
    XCCOS_DIRECTION_BACKWARD,
};

enum xccos_association_kind {
    XCCOS_ASSOCIATION_UNSET,
    XCCOS_ASSOCIATION_MEMBER,
    XCCOS_ASSOCIATION_MANAGER,
};

/* What a message has been made since it was posted. */
enum xccos_message_state {
    XCCOS_MESSAGE_POSTED,
    XCCOS_MESSAGE_CORRECTED,
    XCCOS_MESSAGE_WITHDRAWN,
    XCCOS_MESSAGE_REDACTED,
    XCCOS_MESSAGE_REPLACED,
};

/* chanid: a room that is asked for. */
struct xccos_room_id {
    struct xccos_room_id *next;
    struct xccos_number key; /* Its place in the list. */
    struct slice domain;
    struct guid guid;          /* value; nil when missing. */
    enum xccos_flag revisions; /* In perch's own namespace: the client knows
                                  modmsg. */
};

/* aib: who is in a room with which rights, or, in a notice, where a user is.
 */
struct xccos_presence {
    struct xccos_presence *next;
    struct xccos_number mask; /* key */
    struct slice value;       /* "0,2,5", ids of users, or a room's guid. */
    struct slice domain;      /* Of the room. */
};

/* uib: a user; in rpl:requri the server. */
struct xccos_user {
    struct xccos_user *next;
    struct xccos_number id; /* What presences refer to. */
    struct slice uri;
    struct slice name;         /* uname: login. */
    struct slice display_name; /* dispname */
    struct xccos_number type;  /* 5: user. */
    enum xccos_flag disabled;
    enum xccos_role role;
    struct xccos_presence *presences;
};

/* fib: a room that could not be joined. */
struct xccos_failure {
    struct xccos_failure *next;
    struct slice key; /* "OPERATION_FAILED" */
    struct guid guid; /* value */
    struct slice domain;
};

/* grpchat, and msg in history: what someone said. */
struct xccos_message {
    struct xccos_message *next;
    struct slice room_uri; /* chanUri */
    struct slice author;
    struct slice author_name; /* authdisp */
    enum xccos_flag alert;
    struct xccos_number message_id; /* chatId */
    struct xccos_moment sent_at;    /* ts */
    /* In perch's own namespace. */
    struct slice retry_id; /* retry */
    enum xccos_flag story;
    enum xccos_message_state state;
    struct slice reason;            /* Why it is so, */
    struct xccos_moment changed_at; /* changed: and since when. */
    struct xccos_number about;      /* The message that a line for clients which
                                       know no states is about. */
    struct xccos_number csn; /* Of the archive's record of what it says. */
    struct slice note;       /* What was found in it when it was posted. */
    struct slice text;       /* chat; unescaped. */

    /* What this program does not know, kept for those who do: attributes,
     * each after a blank, and child elements, as bytes of XML that stand on
     * their own (carried.h). Only the reader makes these. */
    struct slice carried_attributes;
    struct slice carried_children;
};

/* hits: messages of a room that a feed of the user picks. */
struct xccos_hits {
    struct xccos_hits *next;
    struct slice feed; /* The feed's name. */
    struct xccos_number count;
    struct xccos_number message_id; /* The newest of them. */
};

/* news: how a user stands to a room; in markread, how the user wants to. */
struct xccos_news {
    struct xccos_number last; /* The room's last message id. */
    struct xccos_number read; /* Read up to this one. */
    struct xccos_number unread;
    struct xccos_number mentions;   /* Of the user, among the unread. */
    struct xccos_number message_id; /* The newest that mentions. */
    enum xccos_flag followed;
    enum xccos_flag cut;  /* Not all that is unread was looked through. */
    enum xccos_flag back; /* The mark may go back. */
    struct xccos_hits *hits;
};

/* chanib: a room. */
struct xccos_room {
    struct xccos_room *next;
    struct slice uri, name, description;
    struct slice topic;  /* Gone in 2013; pidgin-sipe still shows it. */
    struct slice parent; /* Category URI. */
    enum xccos_behavior behavior;
    enum xccos_visibility visibility;
    enum xccos_flag disabled;
    struct xccos_number version;
    enum xccos_flag over_limit;       /* History was cut. */
    struct xccos_number cleared_upto; /* cleared, in perch's own namespace: up
                                         to this message nothing is shown. */

    /* The add-in: siopid, a guid, or "none" in a command that takes it away;
     * sioname, siourl. */
    struct slice addin_id, addin_name, addin_url;

    /* info elements. The shown visibility goes out under two names: a client
     * looks for "visibilty". */
    struct xccos_number user_count;
    enum xccos_visibility shown_visibility;

    enum xccos_flag file_post, invite, logged; /* prop elements. */

    struct xccos_presence *presences;
    struct xccos_user *users;
    struct xccos_message *messages;
    struct xccos_news *news;
};

/* catib: a category. */
struct xccos_category {
    struct xccos_category *next;
    struct slice uri, name, description;
    enum xccos_flag file_post, invite, logged;
};

/* sib: what the server is like; in the command, what is asked. */
struct xccos_server_info {
    struct slice domain;
    struct xccos_number info_type; /* A bit mask; 123 in all samples. */
    struct xccos_moment server_time;
    struct xccos_number search_limit;
    struct xccos_number message_size_limit; /* Characters. */
    struct xccos_number story_size_limit;
    struct xccos_number file_size_limit; /* KiB. */
    struct slice root_uri;               /* Category URI. */
    struct guid db_version;
    struct slice display_name;
    struct slice room_management_url;
};

/* inv: an invitation; in the command, the last one known. */
struct xccos_invitation {
    struct xccos_invitation *next;
    struct xccos_number id;
    struct slice domain;
    struct xccos_moment created_at;
    struct xccos_room *room;
};

/* qib: which rooms are searched for. */
struct xccos_room_query {
    enum xccos_search search; /* qtype */
    struct slice criteria;
    enum xccos_flag extended, match_all, exact;
    struct xccos_number results_max;
    struct slice category_uri;
    enum xccos_visibility privacy;
    enum xccos_behavior behavior;
    enum xccos_flag disabled;
    enum xccos_flag invite; /* Whether invitations are sent. */
    struct slice addin;     /* Name or guid of the one that is carried. */
};

/* author, in a history query. */
struct xccos_author {
    struct xccos_author *next;
    struct slice uri;
};

/* bcq: which messages are asked for. */
struct xccos_history_query {
    struct xccos_number last;       /* last cnt: the newest so many. */
    enum xccos_flag exact, case_on; /* Of matches. */
    struct slice match;             /* Its text. */
    struct xccos_author *authors;
    struct xccos_moment from, to;    /* between */
    struct xccos_number after_id;    /* msgid: start behind this message. */
    struct xccos_number results_max; /* limit cnt */
    enum xccos_direction search, sort;
};

/* word, in a feed. */
struct xccos_word {
    struct xccos_word *next;
    struct slice text;
};

/* feed: what a user wants to be told of. */
struct xccos_feed {
    struct xccos_feed *next;
    struct slice name;
    struct xccos_word *words;
    struct xccos_author *authors;
};

/* feeds: all of a user's. */
struct xccos_feeds {
    struct xccos_number version;
    struct xccos_feed *feeds;
};

/* pref: a blob a client keeps on the server. */
struct xccos_preference {
    struct slice label;
    struct xccos_number seqid;
    enum xccos_flag create_default;
    struct slice content; /* Base64. */
};

/* association: rooms I am a member of, or rooms I manage. */
struct xccos_association {
    struct slice domain;
    enum xccos_association_kind kind;
    struct xccos_number results_max;
};

/* ftdb: a file to be moved. */
struct xccos_file {
    struct slice room_uri; /* channelUri */
    struct slice file_url;
};

/* token: the right to move it. */
struct xccos_token {
    struct guid token;
    struct slice server_uri;
};

struct xccos_data {
    struct xccos_room_id *room_ids;
    struct xccos_room *rooms;
    struct xccos_failure *failures;
    struct xccos_user *users;
    struct xccos_server_info *server_info;
    struct xccos_invitation *invitations;
    struct xccos_room_query *room_query;
    struct xccos_history_query *history_query;
    struct xccos_preference *preference;
    struct xccos_association *association;
    struct xccos_category *categories;
    struct xccos_file *file;
    struct xccos_token *token;
    struct xccos_feeds *feeds;
};

enum xccos_kind {
    XCCOS_KIND_COMMAND,
    XCCOS_KIND_REPLY,
    XCCOS_KIND_NOTICE,
    XCCOS_KIND_MESSAGE,
};

/* The first member a reader could not understand. It spoils the primitive,
 * not the envelope. Both names are static; NULL when there is none. */
struct xccos_fault {
    const char *element;
    const char *attribute;
};

struct xccos_primitive {
    struct xccos_primitive *next;
    enum xccos_kind kind;
    uint32_t seqid; /* Its place in the envelope where it has none. */
    struct xccos_fault fault;

    /* The verb of a command, reply or notice. The text is as it was sent; to
     * write, it may be left empty for a verb that is known. */
    enum xccos_verb verb;
    struct slice verb_text;

    /* Of a reply: which command it answers, and the result. */
    struct xccos_number command_seqid, command_envid;
    struct xccos_number code; /* 500 where a reply does not tell. */
    struct slice sentence;

    struct xccos_data data;       /* Of a command, reply or notice. */
    struct xccos_message message; /* Of a message. */
};

struct xccos_envelope {
    uint64_t envid; /* 0 when there is none. */
    struct xccos_primitive *primitives;
    size_t n; /* How many. */
};

#endif

/* What a client asks, laid out by verb and checked to be enough to answer.
 *
 * The reader takes any command whose XML is sound; here each verb's own
 * demands are checked, and a command that does not meet them gets the code
 * and the sentence of its refusal. Whether the user may have what is asked
 * is not for this module.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_REQUEST_H
#define PROTO_XCCOS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/arena.h"
#include "proto/xccos/code.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/names.h"

/* What getserverinfo is taken to ask for when it does not say: all. */
enum { XCCOS_INFO_TYPE_ALL = 123 };

struct xccos_history_request {
    bool has_room; /* Else: all rooms the user is a member of. */
    struct xccos_name room;
    struct xccos_history_query query; /* All unset when there was no bcq. */
};

/* What is to become of a room. */
struct xccos_management {
    bool has_room; /* Else: a new one. */
    struct xccos_name room;
    bool has_category;
    struct xccos_name category;
    bool has_addin;
    struct guid addin;              /* Nil: none any more. */
    const struct xccos_room *block; /* What is given of it; what is unset
                                       stays. */
};

/* What is to become of a message. */
struct xccos_revision {
    struct xccos_name room;
    const struct xccos_message *message; /* message_id set; to correct it, its
                                            text is the new one. */
};

/* Slices and pointers borrow from the command and its arena. */
struct xccos_request {
    enum xccos_verb verb;
    union {
        uint32_t info_type;                   /* getserverinfo */
        struct xccos_preference preference;   /* getpref, setpref: labelled */
        struct xccos_association association; /* getassociations: kind set */
        struct xccos_room_query search;       /* chansrch, usersrch: search
                                                 set */
        struct {
            struct xccos_name *names;
            size_t n; /* 1 or more; repeats stay, what names none does not.
                         Of getnews 0, too: all that are followed. */
            bool knows_revisions; /* The client does: any of them says so. */
        } rooms;                  /* join, bjoin, getnews */
        struct xccos_history_request history; /* bccontext, bcsearch */
        uint64_t after_invitation;            /* getinv */
        struct xccos_name room;               /* part */
        struct {
            struct xccos_name room;
            enum xccos_role role; /* Unset: who is there now. */
        } people;                 /* getusers */
        struct {
            struct xccos_name room;
            struct xccos_number message_id; /* Unset: the room's last. */
            bool back;
        } mark;                             /* markread */
        const struct xccos_feeds *feeds;    /* setfeeds */
        struct xccos_management management; /* chancreate, chanmodify,
                                               chandelete, permadd, permdel */
        struct xccos_revision revision;     /* modmsg, delmsg */
    }; /* requri, nodespermcreatechild and getfeeds ask nothing more. */
};

struct xccos_post {
    struct xccos_name room;
    struct slice author;             /* Empty: not told. */
    struct xccos_moment sent_at;     /* By the client's clock. */
    struct slice text;               /* May be empty. */
    size_t characters;               /* Of text, code points. */
    bool is_alert;                   /* High importance. */
    bool is_story;                   /* It says so, or begins with [STORY]. */
    struct slice retry_id;           /* Empty: none. */
    struct slice carried_attributes; /* As in struct xccos_message. */
    struct slice carried_children;
};

/**
 * Lay out what a command asks.
 *
 * @command      A primitive of kind XCCOS_KIND_COMMAND.
 * @why_out      On refusal one plain sentence without the token; empty when
 *               memory is out.
 *
 * Returns OK; INVALID_ARGUMENT when something is missing or wrong;
 * NOT_SUPPORTED for a verb that is unknown or not a client's to send; BUSY
 * when memory is out.
 */
enum xccos_code xccos_request_read(const struct xccos_primitive *command,
                                   struct arena *arena,
                                   struct xccos_request *request_out,
                                   struct slice *why_out);

/**
 * Lay out what a message from a client posts.
 *
 * There is no reply to a post: the code's number is its SIP status.
 *
 * @message  A primitive of kind XCCOS_KIND_MESSAGE.
 *
 * Returns OK, or INVALID_ARGUMENT with why_out set as above.
 */
enum xccos_code xccos_post_read(const struct xccos_primitive *message,
                                struct arena *arena,
                                struct xccos_post *post_out,
                                struct slice *why_out);

#endif

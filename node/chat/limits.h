/* How much of anything there may be: the limits that never change, and the
 * settings, which administrators change by command and which live in the state.
 *
 * A limit that is hit gives the outcome named beside it. A constant may only be
 * changed together with a rules version, since it decides outcomes.
 *
 * Thread: any.
 */
#ifndef NODE_CHAT_LIMITS_H
#define NODE_CHAT_LIMITS_H

enum {
    /* Texts. Characters are Unicode code points. */
    NAME_CHARACTERS_MAX = 256,         /* NAME_TOO_LONG */
    DESCRIPTION_CHARACTERS_MAX = 256,  /* DESCRIPTION_TOO_LONG */
    URI_BYTES_MAX = 320,               /* USER_URI_INVALID, POOL_URI_INVALID */
    ADDIN_NAME_CHARACTERS_MAX = 50,    /* ADDIN_NAME_TOO_LONG */
    ADDIN_URL_BYTES_MAX = 255,         /* ADDIN_URL_INVALID */
    WEB_URL_BYTES_MAX = 255,           /* WEB_URL_INVALID */
    GROUP_URI_BYTES_MAX = 1024,        /* GROUP_URI_INVALID; room for the names
                                          of directories */
    DOMAIN_BYTES_MAX = 253,            /* DOMAIN_INVALID; as DNS has it */
    ACTOR_BYTES_MAX = 255,             /* ACTOR_INVALID */
    RETRY_ID_BYTES_MAX = 64,           /* RETRY_ID_INVALID */
    ENDPOINT_ID_BYTES_MAX = 128,       /* ENDPOINT_ID_INVALID */
    EXTRA_BYTES_MAX = 64 * 1024,       /* EXTRA_TOO_LONG */
    HA1_BYTES = 16,                    /* HA1_INVALID */
    REASON_CHARACTERS_MAX = 256,       /* REASON_TOO_LONG */
    REPLACEMENT_CHARACTERS_MAX = 1024, /* REPLACEMENT_TOO_LONG */
    OWNER_BYTES_MAX = 64,              /* OWNER_INVALID */
    OWNER_HOLDER_BYTES_MAX = 128,      /* OWNER_REPORT_INVALID, as the next */
    OWNER_RUN_BYTES_MAX = 64,
    OWNER_LEASE_S_MAX = 3600,

    /* Numbers ever given to users and groups together, and to rooms and
     * categories together: USERS_FULL, GROUPS_FULL, ROOMS_FULL,
     * CATEGORIES_FULL. */
    NUMBERS_MAX = 1 << 24,

    /* One command. */
    ROLES_PER_COMMAND_MAX = 1024, /* ROLES_TOO_MANY; each of the lists */
    MARK_EXCEPTIONS_MAX = 1024,   /* MARK_EXCEPTIONS_TOO_MANY */
    REDACTIONS_MAX = 64,          /* REDACTIONS_TOO_MANY; messages */
    PURGES_MAX = 100,             /* PURGE_TOO_MANY; message rows looked at */
    INVITATIONS_TAKEN_MAX = 128,  /* Shown at once; the next follow. */

    /* What one user follows and reads, from rules version 3 on. */
    PUBLICATIONS_PER_COMMAND_MAX = 64, /* PUBLICATIONS_TOO_MANY */
    PUBLICATIONS_PER_USER_MAX = 1024,  /* PUBLICATIONS_FULL */
    PUBLICATION_BYTES_MAX = 4096,      /* PUBLICATION_TOO_LONG */
    DOCUMENT_BYTES_MAX = 512 * 1024,   /* PUBLICATIONS_FULL; of all items */
    EXPIRE_TYPE_BYTES_MAX = 16,        /* PUBLICATION_INVALID */
    READS_PER_USER_MAX = 2048,         /* READS_FULL; rooms with a mark */
    READS_PER_COMMAND_MAX = 1024,      /* READS_TOO_MANY */
    FEEDS_MAX = 32,                    /* FEEDS_TOO_MANY */
    FEED_WORDS_MAX = 16,               /* FEED_INVALID; also of authors */
    FEED_WORD_CHARACTERS_MAX = 64,     /* FEED_INVALID; also of its name */

    /* Filters. */
    FILTERS_MAX = 64,                       /* FILTERS_FULL */
    FILTER_EXPRESSIONS_MAX = 1024,          /* FILTER_EXPRESSIONS_FULL */
    FILTER_EXPRESSIONS_BYTES_MAX = 65536,   /* likewise; all of one filter */
    FILTER_EXPRESSION_CHARACTERS_MAX = 256, /* FILTER_EXPRESSION_INVALID */
    FILTER_CATEGORIES_MAX = 64,             /* FILTER_CATEGORIES_FULL */
    IMPORT_MESSAGES_MAX = 256,              /* IMPORT_TOO_MANY */
    ANNOTATION_BYTES_MAX = 2048,            /* ANNOTATION_INVALID */

    /* The archive: also node/chat/archive.h. */
    ADAPTER_NAME_BYTES_MAX = 64, /* ADAPTER_NAME_INVALID */
    REFILLS_MAX = 1024,          /* REFILL_TOO_MANY; records of one command */

    /* What is told of showing and of files. */
    DISCLOSURE_ROOMS_MAX = 1024, /* READING_INVALID */
    DISCLOSURE_BYTES_MAX = 2000, /* READING_INVALID, FILE_INVALID; a text */

    /* Probes. */
    PROBE_SLOTS = 1024,          /* PROBE_SLOT_UNKNOWN */
    PROBE_BYTES_MAX = 16 * 1024, /* PROBE_TOO_LONG */

    /* Those who have a role in administration. */
    ADMINISTRATORS_MAX = 256, /* ADMINISTRATORS_FULL */
    /* Directories that keep users and groups. */
    OWNERS_MAX = 16, /* OWNERS_FULL */

    /* Proposals of one node whose outcomes can still be asked for. */
    OUTCOMES_KEPT = 4096,
    OUTCOMES_PER_ROW = 64,

    /* Starts of one node that are known when they are proposed again. */
    STARTS_KEPT = 8,

    /* How long a closed endpoint's last delivery is remembered. */
    ENDPOINT_MEMORY_S = 24 * 3600,

    /* Memories past their time that one entry may clear away, so that no
     * entry takes long after the clock has jumped. What is past its time but
     * not yet cleared away is not found. */
    EXPIRIES_PER_ENTRY_MAX = 64,
};

/* Moments beyond this (the year 9999) are no moments. */
#define SENT_AT_US_MAX INT64_C(253402300799999999)

/* Every setting: name, default, least, most, what it says. The place in the
 * list is its number in commands and rows: append only. Defaults and ranges
 * decide outcomes as constants do: they change with a rules version. */
#define SETTING_LIST(X)                                                        \
    X(MESSAGE_CHARACTERS_MAX, 8000, 1, 65536, "characters of one message")     \
    X(PARTICIPANTS_LISTED_MAX, 75, 0, 1000000,                                 \
      "users present up to which a room's list and notices are sent; 0: any")  \
    X(HISTORY_DEFAULT, 30, 1, 500, "messages shown on joining")                \
    X(RETRY_WINDOW_S, 600, 1, 86400, "seconds a retry id is remembered")       \
    X(RETRIES_MAX, 131072, 1, 1048576, "retry ids remembered, pool-wide")      \
    X(ENDPOINTS_MAX, 131072, 1, 1048576,                                       \
      "closed endpoints remembered, pool-wide, for up to 24 hours")            \
    X(REJOIN_POLICY, 0, 0, 1,                                                  \
      "0: an emptied node comes back by itself; 1: by an administrator")       \
    X(JOIN_ROOMS_MAX, 256, 1, 1024, "rooms of one join command")               \
    X(SESSION_ROOMS_MAX, 1024, 1, 65536, "rooms one session may be in")        \
    X(USER_SESSIONS_MAX, 32, 1, 65536, "sessions one user may have")           \
    X(SESSIONS_MAX, 150000, 1, 10000000, "sessions, pool-wide")                \
    X(USERS_MAX, 500000, 1, 10000000, "users")                                 \
    X(CATEGORIES_MAX, 10000, 1, 1000000, "categories")                         \
    X(ROOMS_MAX, 100000, 1, 10000000, "rooms")                                 \
    X(ROOM_ROLES_MAX, 100000, 1, 10000000, "users with a role in one room")    \
    X(GROUPS_MAX, 100000, 1, 10000000, "groups, organisational units, sites")  \
    X(GROUP_MEMBERS_MAX, 500000, 1, 10000000,                                  \
      "users and groups that one group may hold")                              \
    X(CHAT_ENABLED, 1, 0, 1,                                                   \
      "1: who has no policy may use persistent chat; 0: may not")              \
    X(STORY_CHARACTERS_MAX, 65536, 1, 65536, "characters of one story")        \
    X(CORRECTION_WINDOW_S, 3600, 0, 31536000,                                  \
      "seconds in which authors may correct and withdraw; 0: never")           \
    X(HOLDS_MAX, 10000, 1, 1000000, "legal holds")                             \
    X(FILE_KIB_MAX, 20000, 1, 1048576, "KiB of one file; told to clients")     \
    X(ADDINS_MAX, 1000, 1, 10000, "registered add-ins")                        \
    X(ARCHIVE_INLINE_BYTES_MAX, 16384, 0, 60000,                               \
      "bytes of a command up to which its record carries it itself")           \
    X(ARCHIVE_CHECKPOINT_S, 2, 1, 5,                                           \
      "seconds between checkpoints of an archive that grows")                  \
    X(ARCHIVE_HEARTBEAT_S, 60, 5, 3600,                                        \
      "seconds between checkpoints of an archive that does not")               \
    X(ARCHIVE_CANARY_S, 3600, 10, 86400, "seconds between canaries of a node") \
    X(ARCHIVE_BEHIND_RECORDS, 10000, 100, 10000000,                            \
      "records that a node's files may lack where the archive is required")    \
    X(ARCHIVE_BEHIND_S, 300, 10, 86400,                                        \
      "seconds that nodes, witnesses and adapters may be behind there")

/* Values of REJOIN_POLICY. */
enum { REJOIN_AUTOMATIC = 0, REJOIN_MANUAL = 1 };

#define SETTING_ENUM(name, standard, least, most, text) SETTING_##name,
enum setting { SETTING_LIST(SETTING_ENUM) SETTINGS };
#undef SETTING_ENUM

/* Rules versions by what came with them. */
enum {
    RULES_PEOPLE = 2,  /* Groups, and what they may do. */
    RULES_TALK = 3,    /* What is said: taken back, kept, found, followed. */
    RULES_ARCHIVE = 4, /* The compliance archive. */
};

/* How many settings rules versions 1 to 3 have: those after them are unknown
 * to them. */
enum {
    SETTINGS_AT_FIRST = SETTING_ROOM_ROLES_MAX + 1,
    SETTINGS_OF_PEOPLE = SETTING_CHAT_ENABLED + 1,
    SETTINGS_OF_TALK = SETTING_ADDINS_MAX + 1,
};

#endif

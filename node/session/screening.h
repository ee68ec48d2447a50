/* What is done about a post before it is proposed: the pool's filters look
 * through it, on a worker; then an external program is asked, where this node
 * has one. The post is let through, let through with an annotation, or refused.
 *
 *   screening_begin --> LOOKING --> ASKING --> DECIDED --> screen.decided
 *
 * Posts of one caller are decided in their order: one that is ready waits for
 * those before it, and one that nobody would look at waits, too. A part waits
 * as well: who says a word and goes has said it. Other commands of the caller
 * do not wait. A pool without filters and a node without a program pay for a
 * comparison.
 *
 * The filters are those of the state as of the entry that was applied here last
 * when the post came.
 *
 * Thread: state loop.
 */
#ifndef NODE_SESSION_SCREENING_H
#define NODE_SESSION_SCREENING_H

#include <bsd/sys/queue.h>
#include <stdbool.h>

#include "node/session/question.h"
#include "node/session/strainer.h"
#include "proto/base/arena.h"
#include "proto/base/worker.h"

enum {
    SCREENS_MAX = 4096, /* Posts of all callers; more are answered 503. */
    SCREEN_BLOCKED_TOLD_MAX = 100, /* Journal lines a second. */
};

struct sessions;
struct caller;
struct room;
struct shared_strainer;

enum screen_state { SCREEN_LOOKING, SCREEN_ASKING, SCREEN_DECIDED };

/* One post on its way. Its owner fills in the first part and keeps it until
 * decided is called. */
struct screen {
    struct caller *caller;
    const struct room *room; /* For the call of screening_begin; or NULL. */
    struct arena *arena;     /* That the answer may lie in. */
    struct slice room_uri, author, text;
    bool is_alert;
    void (*decided)(struct screen *screen);

    /* The answer. */
    bool is_refused;
    struct slice reason;     /* Of a refusal. */
    struct slice annotation; /* Of what goes through. */

    /* The screening's own. */
    TAILQ_ENTRY(screen) link; /* caller->screens */
    enum screen_state state;
    struct job job;
    struct shared_strainer *strainer;
    bool has_category;
    struct guid category;
    struct slice room_name, category_name; /* For the program. */
    uint64_t begun_us;
    struct question *question;
    struct strainer_verdict verdict;
};

/* Those of one caller, the oldest first. */
TAILQ_HEAD(screen_list, screen);

struct screening {
    bool is_stale;                    /* The filters have changed. */
    struct shared_strainer *strainer; /* NULL: there are no filters. */
    struct worker *worker;            /* Made when it is first needed. */
    struct letters *program; /* Takes questions; NULL: there is none. */
    struct letters *answers;
    bool absent_refuses;
    size_t n; /* Under way. */
    uint64_t told_second;
    unsigned told;   /* Journal lines in that second, */
    uint64_t untold; /* and lines left out since the last. */
};

/** Begin with nothing to look for. */
void screening_init(struct sessions *hub);

/** End the worker and let go of all questions. Screens are their owners'. */
void screening_deinit(struct sessions *hub);

/** The filters may have changed. */
void screening_touch(struct sessions *hub);

/**
 * Tell whether a post has to be screened at all.
 *
 * @room  NULL: not known here; then any filter may be for it.
 */
bool screening_is_needed(struct caller *caller, const struct room *room);

/**
 * Screen a post: screen->decided is called, later.
 *
 * Returns false when too many are under way.
 */
bool screening_begin(struct screen *screen);

/**
 * Wait for the posts before it, and no more than that: screen->decided is
 * called when they are decided, perhaps before this returns.
 *
 * @screen  Of its first part, caller and decided alone.
 *
 * Returns false when too many are under way.
 */
bool screening_follow(struct screen *screen);

#endif

/* The table of all that administrators may ask: for each kind of proto/admin.h
 * the function that decides and, for a change, the one that shows what it was
 * about. One file for each noun.
 *
 * Thread: state loop.
 */
#ifndef NODE_ADMIN_ANSWERS_H
#define NODE_ADMIN_ANSWERS_H

#include "node/admin/answer.h"

struct answer_row {
    /* Fill in the reply's body or refuse; of a change, say what is to be
     * proposed, or that it is so already. */
    void (*decide)(struct answer *answer);
    /* The change is made, or was so before: fill in the body. NULL: what
     * decide has put there stays. */
    void (*show)(struct answer *answer);
};

/** Borrow the row of a kind; NULL for a kind that the server answers itself. */
const struct answer_row *answers_row(enum admin_kind kind);

/** Name what a refusal is about where its value says so: the unknown user of a
 * list, the setting. Empty else. Borrows from the command. */
struct slice answers_culprit(const Perch__Command *command,
                             const struct applied *applied);

/* status.c: the pool as this node sees it. */
void status_decide(struct answer *answer);

/* nodes.c */
void nodes_list_decide(struct answer *answer);
void nodes_transfer_decide(struct answer *answer);
void nodes_replace_decide(struct answer *answer);

/* settings.c */
void settings_list_decide(struct answer *answer);
void settings_set_decide(struct answer *answer);
void settings_show(struct answer *answer);
void policy_decide(struct answer *answer);
void policy_show(struct answer *answer);

/* rooms.c, room_changes.c */
void rooms_list_decide(struct answer *answer);
void rooms_show_decide(struct answer *answer);
void rooms_roles_decide(struct answer *answer);
void rooms_create_decide(struct answer *answer);
void rooms_change_decide(struct answer *answer);
void rooms_show(struct answer *answer);

/* categories.c */
void categories_list_decide(struct answer *answer);
void categories_show_decide(struct answer *answer);
void categories_create_decide(struct answer *answer);
void categories_change_decide(struct answer *answer);
void categories_show(struct answer *answer);

/* users.c */
void users_list_decide(struct answer *answer);
void users_show_decide(struct answer *answer);
void users_create_decide(struct answer *answer);
void users_change_decide(struct answer *answer);
void users_show(struct answer *answer);

/* sessions.c */
void sessions_list_decide(struct answer *answer);
void sessions_close_decide(struct answer *answer);

#endif

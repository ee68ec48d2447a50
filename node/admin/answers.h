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
    enum admin_kind kind;
    /* Fill in the reply's body or refuse; of a change, say what is to be
     * proposed, or that it is so already. NULL ends a table. */
    void (*decide)(struct answer *answer);
    /* The change is made, or was so before: fill in the body. NULL: what
     * decide has put there stays. */
    void (*show)(struct answer *answer);
};

/* One table of each noun, in the file of its name. */
extern const struct answer_row status_rows[], nodes_rows[], settings_rows[],
    rooms_rows[], room_changes_rows[], categories_rows[], users_rows[],
    sessions_rows[], rules_rows[], groups_rows[], category_changes_rows[],
    addins_rows[], eligible_rows[], search_rows[], deletions_rows[],
    administrators_rows[], messages_rows[], keeping_rows[], holds_rows[],
    directory_rows[], filters_rows[], filter_changes_rows[], content_rows[],
    archive_rows[], archive_keys_rows[], archive_witnesses_rows[],
    archive_adapters_rows[], archive_changes_rows[];

/** Borrow the row of a kind; NULL for a kind that the server answers itself. */
const struct answer_row *answers_row(enum admin_kind kind);

/** Name what a refusal is about where its value says so: who it is of a list,
 * the setting. Empty else. Borrows from the command. */
struct slice answers_culprit(const Perch__Command *command,
                             const struct applied *applied);

/** Say which roles the administrator has and which are needed, a set; 0: any.
 * In the arena. */
struct slice administrators_lack(struct answer *answer, uint32_t needed);

/** Tell which roles may ask for a kind at all, before anything is looked up: a
 * set; 0: any. What is said, and who is held, is not for whoever may look. */
uint32_t administrators_for(enum admin_kind kind);

/** Say that there is nothing of that name to delete, or was when it came to
 * it: it is so already. Not where the name itself is refused. */
void deletions_tell_gone(struct answer *answer, const char *what,
                         ProtobufCBinaryData name);

/** Show the room of answer->guid, as it is now, in the reply's body. */
void rooms_show(struct answer *answer);

/** Show the category of answer->guid, likewise. */
void categories_show(struct answer *answer);

/** Fill in the reply to a search with what it has found. */
void search_found(struct answer *answer, const struct lookup *lookup);

/** Show the filter that answer->uri names, likewise. */
void filters_show(struct answer *answer);

/** Show how the archive is, likewise. */
void archive_show(struct answer *answer);

#endif

/* What a town's administrators decide, besides council.c's own: each deed fills
 * one command, drawn from the seed.
 *
 * Thread: one.
 */
#ifndef TESTS_SIM_TOWN_COUNCIL_H
#define TESTS_SIM_TOWN_COUNCIL_H

struct decision;

/* council_talk.c: of what was said. */

/** Place a case's hold on a club or on what somebody says. */
void council_place_hold(struct decision *decision);

/** Lift one, if there is such a one. */
void council_lift_hold(struct decision *decision);

/** Take messages of any room out of sight, or put a text in their place. */
void council_redact(struct decision *decision);

/** Take all of a club out of sight up to a message. */
void council_clear(struct decision *decision);

/** Take a message back in its author's stead. */
void council_withdraw(struct decision *decision);

/** Say for how many days a club's or a hall's messages are kept. */
void council_retain(struct decision *decision);

/** Purge a club, whether its leader does or not. */
void council_purge(struct decision *decision);

/** Put messages into a club that were said long ago. */
void council_import(struct decision *decision);

/* council_offices.c: of who does what. */

/** Sign a decision: by root, or by another if the list knows any. */
void council_sign(struct decision *decision);

/** Give an administrator a role. */
void council_grant(struct decision *decision);

/** Take a role away from one who is not root, or all. */
void council_revoke(struct decision *decision);

/** Say where a directory's adapter stands. */
void council_report(struct decision *decision);

/** Let a run of it go through. */
void council_confirm(struct decision *decision);

/* council_lists.c: of what rooms carry and what is looked for in posts. */

/** Register an add-in. */
void council_create_addin(struct decision *decision);

/** Give one another page. */
void council_change_addin(struct decision *decision);

/** Take one away. */
void council_delete_addin(struct decision *decision);

/** Look for a text in posts of a hall's clubs. */
void council_create_filter(struct decision *decision);

/** Look for another, or in another hall's too. */
void council_change_filter(struct decision *decision);

/** Look for none of a filter's any more. */
void council_delete_filter(struct decision *decision);

#endif

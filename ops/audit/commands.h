/* The commands of perch-audit but "verify" (verify.h). Each returns what to
 * exit with, and prints what is wrong.
 *
 * Thread: main.
 */
#ifndef OPS_AUDIT_COMMANDS_H
#define OPS_AUDIT_COMMANDS_H

#include "ops/audit/options.h"
#include "proto/base/slice.h"

/** "prove DIR CSN": print a proof of one record. */
int prove_run(const struct options *options);

/** "check-proof FILE": hold a proof against a policy, and print the record. */
int check_proof_run(const struct options *options);

/** "show DIR": print records. */
int show_run(const struct options *options);

/** "diff DIR DIR": compare two copies. */
int diff_run(const struct options *options);

/** "pin DIR": print the newest checkpoint. */
int pin_run(const struct options *options);

/** "vkey KEY" or "vkey NAME TYPE FILE": explain or make a verifier key. */
int vkey_run(const struct options *options);

/** "key new FILE NAME [TYPE]": make a private key. */
int key_run(const struct options *options);

/** Print why something cannot be read. Returns AUDIT_EXIT_UNREADABLE. */
int cannot_read(const char *what, const char *why);

/** Print a record's bytes: as lines of "name: value", or as JSON. False when
 * they are no record. @payload  SLICE_NONE: it is not to be had. */
bool show_record(struct slice bytes, struct slice payload, bool is_json);

#endif

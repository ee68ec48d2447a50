/* What a verification came to, for people and for programs.
 *
 * Thread: one.
 */
#ifndef OPS_AUDIT_REPORT_H
#define OPS_AUDIT_REPORT_H

#include "ops/audit/verify.h"

/** Print a page, the verdict first. */
void report_page(const struct verification *verification);

/** Print one JSON object. */
void report_json(const struct verification *verification);

#endif

/* What a getassociations command asks, found by its words.
 *
 * How Microsoft's clients spell this command is not known. So any element in
 * its data counts: the word MEMBER or MANAGER in any attribute but the domain
 * tells the kind, and a number called maxResults, cnt or limit the most
 * rooms. What comes first counts. Internal to proto/xccos.
 *
 * Thread: any.
 */
#ifndef PROTO_XCCOS_ASSOCIATION_H
#define PROTO_XCCOS_ASSOCIATION_H

#include "proto/base/arena.h"
#include "proto/xccos/envelope.h"
#include "proto/xccos/error.h"
#include "proto/xccos/xml.h"

/**
 * Take from one element of the data what it tells.
 *
 * @association_io  Made in the arena at the first element; members that are
 *                  set already stay.
 *
 * Returns NO_MEMORY.
 */
enum xccos_error association_read(const struct xml_element *element,
                                  struct arena *arena,
                                  struct xccos_association **association_io);

#endif

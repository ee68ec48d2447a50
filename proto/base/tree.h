/* libbsd's red-black trees, with their functions private to a file.
 *
 * RB_GENERATE_STATIC of <bsd/sys/tree.h> spells `unused` as only BSD's headers
 * define it; TREE_GENERATE stands for it. All else is as the tree(3bsd) page
 * says.
 *
 * Thread: the owner's.
 */
#ifndef PROTO_BASE_TREE_H
#define PROTO_BASE_TREE_H

#include <bsd/sys/tree.h>
#include <stddef.h>

#define TREE_GENERATE(name, type, field, compare)                              \
    RB_GENERATE_INTERNAL(name, type, field, compare,                           \
                         __attribute__((__unused__)) static)

#endif

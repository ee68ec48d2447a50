/* Two containers for things that have small numbers: a map from number to bits
 * in eight bytes an entry, and a table of objects by their own number.
 *
 * A pool has a million member entries; kept as sorted pairs they take two
 * cache lines to find and next to no memory.
 *
 * Thread: the owner's.
 */
#ifndef NODE_CHAT_NUMBER_MAP_H
#define NODE_CHAT_NUMBER_MAP_H

#include <stdbool.h>
#include <stdint.h>

struct number_pair {
    uint32_t number;
    uint32_t bits; /* Never 0: without bits there is no entry. */
};

/* Sorted by number. All zero is the empty map. */
struct number_map {
    uint32_t n;
    uint32_t capacity;
    struct number_pair *pairs;
};

/* Objects 1 to capacity by their number. All zero is the empty table. */
struct table {
    uint32_t capacity;
    void **objects;
};

/** Free the pairs and start over empty. */
void number_map_deinit(struct number_map *map);

/** Look up the bits of a number; 0 when it has none. */
uint32_t number_map_get(const struct number_map *map, uint32_t number);

/** Set the bits of a number; 0 removes it. */
void number_map_set(struct number_map *map, uint32_t number, uint32_t bits);

/** Free the table, not its objects, and start over empty. */
void table_deinit(struct table *table);

/** Borrow the object of a number; NULL when there is none. */
void *table_at(const struct table *table, uint64_t number);

/** Put an object, or NULL, in the place of a number from 1 up. */
void table_put(struct table *table, uint32_t number, void *object);

#endif

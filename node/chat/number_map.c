#include "node/chat/number_map.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"

enum { MAP_FIRST = 4, TABLE_FIRST = 64 };

void number_map_deinit(struct number_map *map)
{
    free(map->pairs);
    *map = (struct number_map){0, 0, NULL};
}

/* The place of the first pair that is not below number. */
static uint32_t find(const struct number_map *map, uint32_t number)
{
    uint32_t low = 0, high = map->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (map->pairs[middle].number < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_at(const struct number_map *map, uint32_t at, uint32_t number)
{
    return at < map->n && map->pairs[at].number == number;
}

uint32_t number_map_get(const struct number_map *map, uint32_t number)
{
    uint32_t at = find(map, number);

    return is_at(map, at, number) ? map->pairs[at].bits : 0;
}

static void resize(struct number_map *map, uint32_t capacity)
{
    struct number_pair *pairs =
        realloc(map->pairs, capacity * sizeof(*map->pairs));

    CHECK(pairs != NULL);
    map->pairs = pairs;
    map->capacity = capacity;
}

static void insert(struct number_map *map, uint32_t at, struct number_pair pair)
{
    if (map->n == map->capacity) {
        /* Half as much again: a million entries should not be a third air. */
        resize(map, map->n < MAP_FIRST ? MAP_FIRST : map->n + map->n / 2);
    }
    CHECK(at <= map->n && map->n < map->capacity);
    memmove(map->pairs + at + 1, map->pairs + at,
            (map->n - at) * sizeof(*map->pairs));
    map->pairs[at] = pair;
    map->n += 1;
}

static void drop(struct number_map *map, uint32_t at)
{
    CHECK(at < map->n);
    map->n -= 1;
    memmove(map->pairs + at, map->pairs + at + 1,
            (map->n - at) * sizeof(*map->pairs));
    if (map->n == 0) {
        number_map_deinit(map);
    } else if (map->n < map->capacity / 4) {
        resize(map, map->capacity / 2);
    }
}

void number_map_set(struct number_map *map, uint32_t number, uint32_t bits)
{
    uint32_t at = find(map, number);

    if (!is_at(map, at, number)) {
        if (bits != 0) {
            insert(map, at, (struct number_pair){number, bits});
        }
        return;
    }
    if (bits == 0) {
        drop(map, at);
        return;
    }
    map->pairs[at].bits = bits;
}

void table_deinit(struct table *table)
{
    free(table->objects);
    *table = (struct table){0, NULL};
}

void *table_at(const struct table *table, uint64_t number)
{
    if (number == 0 || number > table->capacity) {
        return NULL;
    }
    return table->objects[number - 1];
}

static void table_grow(struct table *table, uint32_t number)
{
    uint32_t capacity =
        table->capacity == 0 ? TABLE_FIRST : table->capacity * 2;
    void **objects;

    if (capacity < number) {
        capacity = number;
    }
    objects = realloc(table->objects, capacity * sizeof(*objects));
    CHECK(objects != NULL);
    memset(objects + table->capacity, 0,
           (capacity - table->capacity) * sizeof(*objects));
    table->objects = objects;
    table->capacity = capacity;
}

void table_put(struct table *table, uint32_t number, void *object)
{
    CHECK(number > 0);
    if (number > table->capacity) {
        table_grow(table, number);
    }
    table->objects[number - 1] = object;
}

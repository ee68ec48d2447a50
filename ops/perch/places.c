#include "ops/perch/places.h"

#include <stdlib.h>

void places_init(struct places *places)
{
    TAILQ_INIT(&places->list);
    places->n = 0;
}

static void free_place(struct place *place)
{
    buffer_deinit(&place->uri);
    buffer_deinit(&place->name);
    free(place);
}

void places_deinit(struct places *places)
{
    struct place *place;

    while ((place = TAILQ_FIRST(&places->list)) != NULL) {
        TAILQ_REMOVE(&places->list, place, link);
        free_place(place);
    }
    places->n = 0;
}

struct place *places_find(struct places *places, struct slice room)
{
    struct place *place, *same = NULL, *alike = NULL;
    size_t n_same = 0, n_alike = 0;

    TAILQ_FOREACH (place, &places->list, link) {
        struct slice name = buffer_slice(&place->name);

        if (slice_equal(buffer_slice(&place->uri), room)) {
            return place;
        }
        if (slice_equal(name, room)) {
            same = place;
            n_same++;
        } else if (slice_equal_nocase(name, room)) {
            alike = place;
            n_alike++;
        }
    }
    if (n_same > 0) {
        return n_same == 1 ? same : NULL;
    }
    return n_alike == 1 ? alike : NULL;
}

static struct place *find_uri(struct places *places, struct slice uri)
{
    struct place *place;

    TAILQ_FOREACH (place, &places->list, link) {
        if (slice_equal(buffer_slice(&place->uri), uri)) {
            return place;
        }
    }
    return NULL;
}

bool places_enter(struct places *places, struct slice uri, struct slice name)
{
    struct place *place = find_uri(places, uri);

    if (place == NULL) {
        place = calloc(1, sizeof(*place));
        if (place == NULL) {
            return false;
        }
        buffer_append_slice(&place->uri, uri);
        TAILQ_INSERT_TAIL(&places->list, place, link);
        places->n++;
    }
    buffer_clear(&place->name);
    buffer_append_slice(&place->name, name);
    return !buffer_failed(&place->uri) && !buffer_failed(&place->name);
}

void places_leave(struct places *places, struct slice uri)
{
    struct place *place = find_uri(places, uri);

    if (place != NULL) {
        TAILQ_REMOVE(&places->list, place, link);
        places->n--;
        free_place(place);
    }
}

#include "ops/client/people.h"

#include <stdlib.h>
#include <string.h>

#include "proto/xccos/reply.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static int compare(struct person *a, struct person *b)
{
    size_t n = a->uri.len < b->uri.len ? a->uri.len : b->uri.len;

    for (size_t i = 0; i < n; i++) {
        int order = (int)lower(a->uri.data[i]) - (int)lower(b->uri.data[i]);

        if (order != 0) {
            return order;
        }
    }
    return (a->uri.len > b->uri.len) - (a->uri.len < b->uri.len);
}

/* Not all that is made is needed. */
#define MADE static __attribute__((unused))
RB_PROTOTYPE_INTERNAL(person_tree, person, link, compare, MADE)
RB_GENERATE_INTERNAL(person_tree, person, link, compare, MADE)

void people_init(struct people *people)
{
    memset(people, 0, sizeof(*people));
    RB_INIT(&people->tree);
}

void people_deinit(struct people *people)
{
    struct person *person;

    while ((person = RB_MIN(person_tree, &people->tree)) != NULL) {
        RB_REMOVE(person_tree, &people->tree, person);
        free(person);
    }
    people_init(people);
}

static struct person *find(struct people *people, struct slice uri)
{
    struct person wanted = {.uri = uri};

    return RB_FIND(person_tree, &people->tree, &wanted);
}

bool people_add(struct people *people, struct slice uri, struct slice name,
                enum xccos_role role)
{
    struct person *person = NULL;
    uint8_t *texts;

    if (uri.len == 0 || find(people, uri) != NULL) {
        return false;
    }
    if (people->n < PEOPLE_MAX) {
        person = malloc(sizeof(*person) + uri.len + name.len);
    }
    if (person == NULL) {
        people->is_cut = true;
        return false;
    }
    texts = (uint8_t *)(person + 1);
    memcpy(texts, uri.data, uri.len);
    if (name.len > 0) {
        memcpy(texts + uri.len, name.data, name.len);
    }
    person->uri = slice_of(texts, uri.len);
    person->name = slice_of(texts + uri.len, name.len);
    person->role = role;
    RB_INSERT(person_tree, &people->tree, person);
    people->n++;
    return true;
}

bool people_remove(struct people *people, struct slice uri)
{
    struct person *person = find(people, uri);

    if (person == NULL) {
        return false;
    }
    RB_REMOVE(person_tree, &people->tree, person);
    people->n--;
    free(person);
    return true;
}

static const struct xccos_user *find_user(const struct xccos_user *users,
                                          uint32_t id)
{
    while (users != NULL && !(users->id.set && users->id.value == id)) {
        users = users->next;
    }
    return users;
}

void people_take_list(struct people *people, const struct xccos_room *room,
                      const struct xccos_user *users)
{
    static const struct xccos_masks masks = XCCOS_MASKS_DEFAULT;

    people_deinit(people);
    for (const struct xccos_presence *presence = room->presences;
         presence != NULL; presence = presence->next) {
        struct slice rest = presence->value;
        uint32_t id;

        while (xccos_roster_next(&rest, &id)) {
            const struct xccos_user *user = find_user(users, id);

            if (user != NULL) {
                people_add(people, user->uri, user->display_name,
                           xccos_role_of(&masks, presence->mask.value));
            }
        }
    }
}

struct person *people_first(struct people *people)
{
    return RB_MIN(person_tree, &people->tree);
}

struct person *people_next(struct person *person)
{
    return RB_NEXT(person_tree, NULL, person);
}

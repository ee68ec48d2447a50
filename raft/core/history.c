/* The configurations that the log has held, so that a snapshot for a peer can
 * say which one was in force at its index: the one in use may be newer than
 * what is applied, and may even need that very peer to be committed.
 */
#include "raft/core/history.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/check.h"
#include "proto/base/endian.h"

enum { ENCODING_FORMAT = 1 };

static bool is_new_member(const struct core_members *members,
                          struct core_member member)
{
    for (size_t i = 0; i < members->n; i++) {
        if (members->list[i].id == member.id) {
            return false;
        }
    }
    return member.id != 0 &&
           (member.role == CORE_STANDBY || member.role == CORE_VOTER ||
            member.role == CORE_SPARE);
}

/* One member: id, address with its NUL, role. Returns what follows; a slice
 * without data when it is none. */
static struct slice read_member(struct slice bytes, struct core_member *member)
{
    const uint8_t *end;

    if (bytes.len <= 8) {
        return SLICE_NONE;
    }
    member->id = get_le64(bytes.data);
    bytes = slice_after(bytes, 8);
    end = memchr(bytes.data, 0, bytes.len);
    if (end == NULL || end + 1 == bytes.data + bytes.len) {
        return SLICE_NONE;
    }
    member->role = (enum core_member_role)end[1];
    end += 2;
    return slice_of(end, (size_t)(bytes.data + bytes.len - end));
}

/* The library's coding: format, count, members, zeros up to a multiple of 8. It
 * takes what it is given for granted. */
bool core_read_members(struct slice bytes, struct core_members *members)
{
    uint64_t n;

    if (bytes.len < 9 || bytes.data[0] != ENCODING_FORMAT) {
        return false;
    }
    n = get_le64(bytes.data + 1);
    bytes = slice_of(bytes.data + 9, bytes.len - 9);
    members->n = 0;
    if (n > CORE_MEMBERS_MAX) {
        return false;
    }
    while (members->n < n) {
        struct core_member member;

        bytes = read_member(bytes, &member);
        if (bytes.data == NULL || !is_new_member(members, member)) {
            return false;
        }
        members->list[members->n++] = member;
    }
    return true;
}

/* Whatever the applied index was, only the newest at or below it is needed. */
static void forget_old(struct core *core)
{
    struct core_history *history = &core->history;
    size_t first = 0;

    while (first + 1 < history->n &&
           history->list[first + 1].index <= core->raft.last_applied) {
        first++;
    }
    if (first == 0) {
        return;
    }
    history->n -= first;
    memmove(history->list, &history->list[first],
            history->n * sizeof(*history->list));
}

static bool add(struct core *core, uint64_t index,
                const struct core_members *members)
{
    struct core_history *history = &core->history;

    forget_old(core);
    if (history->n == history->capacity) {
        size_t capacity = history->capacity * 2 + 4;
        struct core_configuration *grown =
            realloc(history->list, capacity * sizeof(*grown));

        if (grown == NULL) {
            return false;
        }
        history->list = grown;
        history->capacity = capacity;
    }
    history->list[history->n++] = (struct core_configuration){index, *members};
    return true;
}

bool core_history_entry(struct core *core, uint64_t index, struct slice bytes)
{
    struct core_members members;

    core_history_cut(core, index);
    return core_read_members(bytes, &members) && add(core, index, &members);
}

bool core_history_snapshot(struct core *core, uint64_t index,
                           const struct core_members *members)
{
    core->history.n = 0;
    return add(core, index, members);
}

void core_history_cut(struct core *core, uint64_t index)
{
    struct core_history *history = &core->history;

    while (history->n > 0 && history->list[history->n - 1].index >= index) {
        history->n--;
    }
}

const struct core_configuration *core_history_applied(struct core *core)
{
    forget_old(core);
    if (core->history.n == 0 ||
        core->history.list[0].index > core->raft.last_applied) {
        return NULL;
    }
    return &core->history.list[0];
}

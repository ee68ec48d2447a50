/* The small pool of these tests as a program, for tests of programs: told what
 * to be by lines on standard input, it says "ok ..." or "error ..." to each.
 *
 *   node [CERTIFICATE KEY]        ok PORT
 *   user NAME [PASSWORD]          ok
 *   room NAME                     ok URI
 *   say ROOM AUTHOR TEXT          ok ID       ROOM: 0, 1, ... as they were made
 *   unheard ROOM AUTHOR TEXT      ok ID       no live copy goes out
 *   purge ROOM ID                 ok
 *   close ROOM | deaf ROOM        ok          nobody may enter; no history
 *   kick ROOM USER                ok
 *   kill NODE | revive NODE | drop NODE       ok
 *   fault WHAT NODE SKIP TIMES FAULT [STATUS [DELAY_MS]]      ok
 *   count WHAT NODE               ok N        requests that came
 *   guests                        ok N        connections there are
 *   texts ROOM                    ok N        messages there are
 *
 * Texts have \n for the end of a line and \xNN for any byte. It ends with its
 * input.
 *
 * Thread: main.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ops/perch/input.h"
#include "proto/base/check.h"
#include "tests/client/pool.h"

static struct pool *pool;
static char *names[64]; /* What rules are about; they borrow it. */
static struct loop *loop;

/* Take the first word off a line. */
static char *word(char **line)
{
    char *begin = *line == NULL ? NULL : *line + strspn(*line, " ");
    char *end = begin == NULL ? NULL : strchr(begin, ' ');

    *line = end == NULL ? NULL : end + 1;
    if (end != NULL) {
        *end = '\0';
    }
    return begin == NULL ? "" : begin;
}

static int number(char **line)
{
    return atoi(word(line));
}

static const char *rest(char **line)
{
    return *line == NULL ? "" : *line;
}

static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        char hex[3] = "";

        if (from[0] == '\\' && from[1] == 'n') {
            *to++ = '\n';
            from++;
        } else if (from[0] == '\\' && from[1] == 'x' && isxdigit(from[2]) &&
                   isxdigit(from[3])) {
            memcpy(hex, from + 2, 2);
            *to++ = (char)strtol(hex, NULL, 16);
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static void add_node(char **line)
{
    const char *certificate = word(line), *key = word(line);
    int node = pool_add_node(pool, certificate[0] == '\0' ? NULL : certificate,
                             key[0] == '\0' ? NULL : key);

    printf("ok %u\n", pool->nodes[node].port);
}

static void say(char **line,
                uint64_t (*how)(struct pool *to, int room, const char *author,
                                const char *text))
{
    int room = number(line);
    const char *author = word(line);

    if (*line != NULL) {
        unescape(*line);
    }
    printf("ok %" PRIu64 "\n", how(pool, room, author, rest(line)));
}

static bool fault_named(const char *name, enum pool_fault *fault_out)
{
    static const char *const fault_names[] = {
        [POOL_REFUSE] = "refuse",
        [POOL_SILENT] = "silent",
        [POOL_CLOSE] = "close",
        [POOL_ACT_CLOSE] = "act-close",
        [POOL_ACT_SILENT] = "act-silent",
        [POOL_ACT_REFUSE] = "act-refuse",
        [POOL_NO_REPLY] = "no-reply",
        [POOL_DELAY] = "delay",
        [POOL_NO_COPY] = "no-copy",
        [POOL_TWICE] = "twice",
        [POOL_CODE] = "code",
        [POOL_LEAVE_OUT] = "leave-out",
        [POOL_SPLIT] = "split",
    };

    for (size_t i = 0; i < sizeof(fault_names) / sizeof(fault_names[0]); i++) {
        if (fault_names[i] != NULL && strcmp(fault_names[i], name) == 0) {
            *fault_out = (enum pool_fault)i;
            return true;
        }
    }
    return false;
}

static const char *keep(const char *name)
{
    size_t i = 0;

    while (names[i] != NULL && strcmp(names[i], name) != 0) {
        i++;
        CHECK(i < sizeof(names) / sizeof(names[0]));
    }
    if (names[i] == NULL) {
        names[i] = strdup(name);
    }
    return names[i];
}

static void add_fault(char **line)
{
    struct pool_rule rule = {.what = keep(word(line))};

    rule.node = number(line);
    rule.skip = (unsigned)number(line);
    rule.times = (unsigned)number(line);
    if (!fault_named(word(line), &rule.fault)) {
        puts("error: no such fault");
        return;
    }
    rule.status = number(line);
    rule.delay_ms = (unsigned)number(line);
    pool_add_rule(pool, rule);
    puts("ok");
}

/* Make something. Returns whether the command is one of these. */
static bool make(const char *command, char **line)
{
    int room;

    if (strcmp(command, "node") == 0) {
        add_node(line);
    } else if (strcmp(command, "user") == 0) {
        const char *name = word(line);

        pool_add_user(pool, name, *line == NULL ? NULL : word(line));
        puts("ok");
    } else if (strcmp(command, "room") == 0) {
        room = pool_add_room(pool, rest(line));
        printf("ok %s\n", pool->rooms[room].uri);
    } else if (strcmp(command, "say") == 0) {
        say(line, pool_say);
    } else if (strcmp(command, "unheard") == 0) {
        say(line, pool_say_unheard);
    } else {
        return false;
    }
    return true;
}

/* Break something. */
static bool damage(const char *command, char **line)
{
    int at = 0;

    if (strcmp(command, "fault") == 0) {
        add_fault(line);
        return true;
    }
    at = number(line);
    if (strcmp(command, "purge") == 0) {
        pool_purge(pool, at, strtoull(word(line), NULL, 10));
    } else if (strcmp(command, "close") == 0) {
        pool->rooms[at].is_closed = true;
    } else if (strcmp(command, "deaf") == 0) {
        pool->rooms[at].is_deaf = true;
    } else if (strcmp(command, "kick") == 0) {
        pool_kick(pool, at, word(line));
    } else if (strcmp(command, "kill") == 0) {
        pool_kill(pool, at);
    } else if (strcmp(command, "revive") == 0) {
        pool_revive(pool, at);
    } else if (strcmp(command, "drop") == 0) {
        pool_drop(pool, at);
    } else {
        return false;
    }
    puts("ok");
    return true;
}

static bool look(const char *command, char **line)
{
    if (strcmp(command, "count") == 0) {
        const char *what = word(line);

        printf("ok %d\n", pool_count(pool, what, number(line)));
    } else if (strcmp(command, "guests") == 0) {
        printf("ok %d\n", pool_guests(pool));
    } else if (strcmp(command, "texts") == 0) {
        printf("ok %zu\n", pool->rooms[number(line)].n);
    } else {
        return false;
    }
    return true;
}

static void on_line(void *context, struct slice bytes)
{
    char *line = strndup((const char *)bytes.data, bytes.len);
    char *at = line;
    const char *command = word(&at);

    (void)context;
    if (!make(command, &at) && !look(command, &at) && !damage(command, &at)) {
        puts("error: no such command");
    }
    fflush(stdout);
    free(line);
}

static void on_end(void *context, bool is_long)
{
    (void)context;
    (void)is_long;
    loop_stop(loop);
}

int main(void)
{
    struct input input = {.line = on_line, .end = on_end};

    loop = loop_new();
    pool = pool_new(loop);
    input_open(&input, loop);
    loop_run(loop);
    input_close(&input);
    pool_free(pool);
    loop_free(loop);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        free(names[i]);
    }
    return 0;
}

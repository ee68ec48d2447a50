#include <stdio.h>
#include <string.h>

#include "ops/jepsen/answer.h"
#include "ops/jepsen/load.h"

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));

    return number < 0 ? 0 : (uint64_t)number;
}

static const char *set_up(struct load *load, json_t *line)
{
    if (load->setup != NULL) {
        return "a second setup";
    }
    if (number_at(line, "protocol") != LOAD_PROTOCOL) {
        return "another protocol is spoken";
    }
    load->domain = text_at(line, "domain");
    load->password = text_at(line, "password");
    load->rooms = json_object_get(line, "rooms");
    if (load->domain == NULL || load->password == NULL ||
        !json_is_object(load->rooms)) {
        return "setup lacks domain, password or rooms";
    }
    load->setup = json_incref(line);
    answer_hello();
    return NULL;
}

static const char *read_verb(struct invocation *invocation)
{
    const char *verb = text_at(invocation->line, "f");

    if (verb != NULL && strcmp(verb, "post") == 0) {
        invocation->verb = VERB_POST;
        if (!json_is_integer(json_object_get(invocation->line, "value"))) {
            return "a post without a value";
        }
    } else if (verb != NULL && strcmp(verb, "read") == 0) {
        invocation->verb = VERB_READ;
    } else {
        return "f is neither post nor read";
    }
    return NULL;
}

static const char *read_invocation(const struct load *load,
                                   struct invocation *invocation)
{
    const json_t *line = invocation->line;
    const char *room = text_at(line, "room");

    invocation->id = number_at(line, "id");
    invocation->process = number_at(line, "process");
    invocation->user = text_at(line, "user");
    invocation->node = text_at(line, "node");
    invocation->retry = text_at(line, "retry");
    invocation->value = json_integer_value(json_object_get(line, "value"));
    invocation->limit = number_at(line, "limit");
    invocation->timeout_ms = (uint32_t)number_at(line, "timeout_ms");
    invocation->room_uri = room == NULL ? NULL : text_at(load->rooms, room);
    if (invocation->room_uri == NULL) {
        return "no such room";
    }
    if (invocation->user == NULL ||
        strlen(invocation->user) >= LOAD_NAME_BYTES ||
        invocation->node == NULL ||
        strlen(invocation->node) >= LOAD_NODE_BYTES) {
        return "user or node is missing or too long";
    }
    if (number_at(line, "timeout_ms") == 0 ||
        number_at(line, "timeout_ms") > LOAD_TIMEOUT_MS_MAX) {
        return "timeout_ms is missing or too long";
    }
    return read_verb(invocation);
}

static const char *invoke(struct load *load, json_t *line)
{
    struct invocation invocation = {.line = line};
    const char *wrong = read_invocation(load, &invocation);
    struct process *process;

    if (wrong != NULL) {
        return wrong;
    }
    process = process_get(load, invocation.process);
    if (process == NULL) {
        return "out of memory";
    }
    invocation.line = json_incref(line);
    if (!process_invoke(process, &invocation)) {
        json_decref(line);
        return "a second invocation of one process";
    }
    return NULL;
}

const char *command_take(struct load *load, struct slice text)
{
    json_t *line = json_loadb((const char *)text.data, text.len, 0, NULL);
    const char *op = text_at(line, "op");
    const char *wrong = NULL;

    if (op == NULL) {
        wrong = "no JSON object with an op";
    } else if (strcmp(op, "setup") == 0) {
        wrong = set_up(load, line);
    } else if (load->setup == NULL) {
        wrong = "the first command is not setup";
    } else if (strcmp(op, "invoke") == 0) {
        wrong = invoke(load, line);
    } else if (strcmp(op, "retire") == 0) {
        struct process *process = process_get(load, number_at(line, "process"));

        if (process != NULL) {
            process_end(process);
        }
    } else {
        wrong = "no such op";
    }
    json_decref(line);
    return wrong;
}

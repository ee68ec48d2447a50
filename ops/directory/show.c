#include "ops/directory/show.h"

#include "ops/perchctl/text.h"
#include "proto/base/check.h"

static const char *verb_of(const struct change *change)
{
    switch (change->kind) {
    case CHANGE_CREATE_USER:
    case CHANGE_CREATE_GROUP:
        return "create";
    case CHANGE_DISABLE_USER:
        return "disable";
    default:
        return change->enables ? "enable" : "change";
    }
}

static const char *end_name(enum run_end end)
{
    switch (end) {
    case RUN_DONE:
        return "done";
    case RUN_HELD:
        return "held";
    case RUN_BUSY:
        return "busy";
    case RUN_UNREACHABLE:
        return "unreachable";
    case RUN_NO_LEADER:
        return "no_leader";
    default:
        return "failed";
    }
}

static void show_change(const struct change *change, FILE *to)
{
    fprintf(to, "%-8s %s", verb_of(change), change->uri);
    if (change->name != NULL && change->name[0] != '\0') {
        fprintf(to, " \"%s\"", change->name);
    }
    fputc('\n', to);
    for (size_t i = 0; i < change->n_add; i++) {
        fprintf(to, "    + %s\n", change->add[i]);
    }
    for (size_t i = 0; i < change->n_remove; i++) {
        fprintf(to, "    - %s\n", change->remove[i]);
    }
}

void show_text(const struct run *run, FILE *to)
{
    const struct difference *d = &run->difference;

    for (size_t i = 0; i < d->n; i++) {
        show_change(&d->changes[i], to);
    }
    for (size_t i = 0; i < run->wanted.n_problems; i++) {
        fprintf(to, "note     %s\n", run->wanted.problems[i]);
    }
    fprintf(to,
            "users %zu: %zu new, %zu changed, %zu go; groups %zu: %zu new, %zu "
            "changed; members %zu come, %zu go; %zu left to others\n",
            run->wanted.n_users, d->users_created, d->users_changed,
            d->users_disabled, run->wanted.n_groups, d->groups_created,
            d->groups_changed, d->members_added, d->members_removed,
            d->foreign);
    fprintf(to, "%s%s%s%s%s\n", run->dry_run ? "dry run, " : "",
            end_name(run->end), run->text[0] == '\0' ? "" : ": ", run->text,
            run->end == RUN_HELD && run->dry_run ? " (would be held)" : "");
    if (run->end == RUN_HELD && !run->dry_run) {
        fprintf(to, "to let it through: perchctl directory confirm %s\n",
                run->name);
    }
}

static json_t *text_of(const char *text)
{
    return text_json(slice_of_text(text));
}

static json_t *list_of(const char *const *texts, size_t n)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n; i++) {
        json_array_append_new(list, text_of(texts[i]));
    }
    return list;
}

static json_t *json_of_change(const struct change *change)
{
    json_t *shown = json_object();

    json_object_set_new(shown, "what", json_string(verb_of(change)));
    json_object_set_new(shown, "uri", text_of(change->uri));
    json_object_set_new(shown, "display_name",
                        change->name == NULL ? json_null()
                                             : text_of(change->name));
    json_object_set_new(shown, "members_add",
                        list_of(change->add, change->n_add));
    json_object_set_new(shown, "members_remove",
                        list_of(change->remove, change->n_remove));
    return shown;
}

void show_json(const struct run *run, FILE *to)
{
    const struct difference *d = &run->difference;
    json_t *changes = json_array(), *shown;

    for (size_t i = 0; i < d->n; i++) {
        json_array_append_new(changes, json_of_change(&d->changes[i]));
    }
    shown = json_pack(
        "{s:s, s:b, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}",
        "result", end_name(run->end), "dry_run", run->dry_run, "run",
        text_of(run->name), "text", text_of(run->text), "users",
        (json_int_t)run->wanted.n_users, "groups",
        (json_int_t)run->wanted.n_groups, "applied", (json_int_t)run->applied,
        "refused", (json_int_t)run->refused, "foreign", (json_int_t)d->foreign,
        "too_much", (json_int_t)run->too_much, "leaving",
        list_of(d->leaving, d->n_leaving), "problems",
        list_of(run->wanted.problems, run->wanted.n_problems), "changes",
        changes);
    CHECK(shown != NULL);
    json_dumpf(shown, to, JSON_INDENT(2));
    fputc('\n', to);
    json_decref(shown);
}

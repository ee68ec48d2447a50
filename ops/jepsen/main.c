/* perch-jepsen: the load client of the fault runner. See load.h. */
#include <stdio.h>
#include <string.h>

#include "ops/jepsen/load.h"
#include "ops/jepsen/session.h"
#include "ops/perch/input.h"
#include "proto/base/journal.h"
#include "proto/base/os/loop_uv.h"

struct program {
    struct load load;
    struct input input;
    int exit_code;
};

static void end(struct program *program, const char *wrong)
{
    if (wrong != NULL) {
        fprintf(stderr, "perch-jepsen: %s\n", wrong);
        program->exit_code = 1;
    }
    input_pause(&program->input, true);
    loop_stop(program->load.loop);
}

static void on_line(void *context, struct slice line)
{
    struct program *program = context;
    const char *wrong = command_take(&program->load, line);

    if (wrong != NULL) {
        fprintf(stderr, "perch-jepsen: %.*s\n",
                (int)(line.len < 200 ? line.len : 200),
                (const char *)line.data);
        end(program, wrong);
    }
}

static void on_end(void *context, bool is_long)
{
    end(context, is_long ? "a line is too long" : NULL);
}

static void on_turn(void *context)
{
    struct program *program = context;

    session_sweep(&program->load);
}

static void close_all(struct program *program)
{
    struct process *process;

    while ((process = RB_ROOT(&program->load.processes)) != NULL) {
        process_end(process);
    }
    session_sweep(&program->load);
    json_decref(program->load.setup);
}

/* Returns what to exit with; -1: go on. */
static int check_arguments(int argc, char *argv[])
{
    bool is_help = argc == 2 && strcmp(argv[1], "--help") == 0;

    if (argc == 1) {
        return -1;
    }
    fputs("Usage: perch-jepsen\n\n"
          "The load client of jepsen/run: commands as JSON lines on standard "
          "input,\nanswers on standard output. jepsen/contracts.md has the "
          "protocol.\n",
          is_help ? stdout : stderr);
    return is_help ? 0 : 2;
}

int main(int argc, char *argv[])
{
    struct program program = {
        .load = {.processes = RB_INITIALIZER(&program.load.processes)}};
    int exit_code = check_arguments(argc, argv);

    if (exit_code >= 0) {
        return exit_code;
    }
    journal_configure(JOURNAL_NOTICE, false, true);
    LIST_INIT(&program.load.dropped);
    program.load.loop = loop_new();
    if (program.load.loop == NULL) {
        fputs("perch-jepsen: out of memory\n", stderr);
        return 1;
    }
    loop_on_turn(program.load.loop, on_turn, &program);
    program.input.line = on_line;
    program.input.end = on_end;
    program.input.context = &program;
    input_open(&program.input, program.load.loop);
    loop_run(program.load.loop);
    close_all(&program);
    input_close(&program.input);
    loop_free(program.load.loop);
    return program.exit_code;
}

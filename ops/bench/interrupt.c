#include "ops/bench/interrupt.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "ops/bench/complain.h"

static volatile sig_atomic_t came;

static void on_signal(int number)
{
    came = number;
}

void interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)SA_RESETHAND};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

enum error interrupt_check(void)
{
    static bool told;

    if (came == 0) {
        return ERROR_NONE;
    }
    if (!told) {
        told = true;
        complain(ERROR_CLOSED, "interrupted; cleaning up");
    }
    return ERROR_CLOSED;
}

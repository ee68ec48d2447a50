/* Why a cut is not taken: told once, on standard error, by who knows most.
 *
 * perchd writes standard error to its journal, and its last line into the
 * adapter's state, so a fault is one line.
 *
 * Thread: main.
 */
#ifndef OPS_ADAPTER_FAULT_H
#define OPS_ADAPTER_FAULT_H

/* The numbers are exit codes (interface.md). */
enum fault {
    FAULT_NONE = 0,
    FAULT_FAILED = 1,    /* Input, settings, transform, disk. */
    FAULT_USAGE = 2,     /* Of the command line. */
    FAULT_UNREACHED = 3, /* The sink: it may be there next time. */
    FAULT_CONFLICT = 5,  /* The sink has something else. */
};

enum { FAULT_LINE_BYTES_MAX = 1024 }; /* Longer ones end in "...". */

/**
 * Say on standard error why, as one line: control characters become spaces.
 *
 * Returns the fault, to be passed on.
 */
enum fault fault_say(enum fault fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Say that memory is out. Returns FAILED. */
enum fault fault_memory(void);

/* Pass a fault up. Only where nothing is owned yet. */
#define TAKE(expression)                                                       \
    do {                                                                       \
        enum fault take_fault_ = (expression);                                 \
        if (take_fault_ != FAULT_NONE) {                                       \
            return take_fault_;                                                \
        }                                                                      \
    } while (0)

#endif

/* libpurple without a display: its event loop on GLib's, its questions refused,
 * its notices reported.
 *
 * Thread: the only one.
 */
#ifndef TESTS_INTEROP_DRIVER_CORE_H
#define TESTS_INTEROP_DRIVER_CORE_H

#include <stdbool.h>

/* The name under which libpurple knows this front end. */
#define CORE_UI "perch-interop"

struct core_settings {
    const char *user_folder; /* libpurple's own files. */
    const char *authorities; /* Folder of *.pem to trust, or NULL. */
    const char *debug_file;  /* What libpurple and the plugin say, or NULL. */
    bool same_seed;          /* Leave the plugin's random numbers alone. */
};

/**
 * Start libpurple and load the plugin.
 *
 * Questions, such as whether to trust a certificate, are reported as "asked"
 * and answered with no.
 *
 * @settings  Borrowed for the call.
 *
 * Returns false, with the reason on standard error, when libpurple does not
 * start or the plugin is not there.
 */
bool core_start(const struct core_settings *settings);

/** Write libpurple's files and end it; connections are closed. */
void core_stop(void);

/**
 * Seed rand(), from which the plugin makes Call-IDs, tags and branches.
 *
 * It seeds with the second it was loaded in, so that clients started in the
 * same second use the same ones; without same_seed they are told apart.
 */
void core_reseed(void);

#endif

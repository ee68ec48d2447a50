/* Configurations for tests of what is made of them. */
#ifndef TESTS_UNIT_CONFIG_TEXT_H
#define TESTS_UNIT_CONFIG_TEXT_H

#include "node/config.h"

/** Load a file of this text, which must be right. The caller deinits it. */
void config_of_text(const char *text, struct config *config);

#endif

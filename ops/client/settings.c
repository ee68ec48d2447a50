#include "ops/client/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* user@domain, of characters that mean nothing to SIP or a quoted string. */
static bool is_user(const char *text)
{
    const char *at = strchr(text, '@');

    if (at == NULL || at == text || strchr(at + 1, '@') != NULL ||
        !xccos_domain_is_valid(slice_of_text(at + 1))) {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("<>\"\\;?:,/&%#", *c) != NULL) {
            return false;
        }
    }
    return strlen(text) <= CLIENT_USER_BYTES_MAX;
}

/* What can stand in a quoted string as it is. */
static bool is_quotable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '"' || *c == '\\' || *c == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum error take_names(struct client *client,
                             const struct client_settings *settings,
                             const char **why_out)
{
    const char *user = settings->user == NULL ? "" : settings->user;
    const char *login;

    if (strncasecmp(user, "sip:", 4) == 0) {
        user += 4;
    }
    login = settings->login == NULL ? user : settings->login;
    if (!is_user(user)) {
        *why_out = "a user is named name@domain";
        return ERROR_INVALID;
    }
    if (!is_quotable(login) || strlen(login) > CLIENT_USER_BYTES_MAX) {
        *why_out = "the login name has characters that cannot be sent";
        return ERROR_INVALID;
    }
    if (settings->password != NULL &&
        strlen(settings->password) > CLIENT_PASSWORD_BYTES_MAX) {
        *why_out = "the password is too long";
        return ERROR_TOO_LARGE;
    }
    snprintf(client->user, sizeof(client->user), "%s", user);
    snprintf(client->uri, sizeof(client->uri), "sip:%s", user);
    client->login = strdup(login);
    client->password =
        settings->password == NULL ? NULL : strdup(settings->password);
    if (client->login == NULL ||
        (settings->password != NULL && client->password == NULL)) {
        return ERROR_NO_MEMORY;
    }
    return ERROR_NONE;
}

static enum error take_instance(struct client *client, const char *text,
                                const char **why_out)
{
    uint8_t random[GUID_BYTES];
    struct guid guid;

    if (text == NULL) {
        loop_random(client->loop, random, sizeof(random));
        guid = guid_from_random(random);
    } else if (guid_read(slice_of_text(text), &guid) != ERROR_NONE) {
        *why_out = "a device is named by a guid";
        return ERROR_INVALID;
    }
    guid_write(&guid, client->instance);
    return ERROR_NONE;
}

static enum error take_servers(struct client *client,
                               const struct client_settings *settings,
                               const char **why_out)
{
    enum error error = servers_read(
        &client->servers, slice_of_text(settings->servers),
        settings->trust == NULL ? SERVER_PORT_TCP : SERVER_PORT_TLS);

    if (error != ERROR_NONE) {
        *why_out = error == ERROR_TOO_LARGE
                       ? "there are more servers than can be tried"
                       : "a server is named host or host:port, several with "
                         "commas between";
    }
    return error;
}

enum error settings_take(struct client *client,
                         const struct client_settings *settings,
                         const char **why_out)
{
    uint32_t random;

    TRY(take_names(client, settings, why_out));
    TRY(take_instance(client, settings->instance, why_out));
    TRY(take_servers(client, settings, why_out));
    client->limits = settings->limits;
    client->heard = settings->heard;
    client->visitor = (struct visitor){
        .user = client->user,
        .login = client->login,
        .password = client->password,
        .instance = client->instance,
        .trust = settings->trust,
        .limits = &client->limits,
        .locates = settings->locates,
    };
    /* Pools may remember envids: two clients should not share them. */
    loop_random(client->loop, &random, sizeof(random));
    client->envid = random;
    return ERROR_NONE;
}

void settings_drop(struct client *client)
{
    if (client->password != NULL) {
        explicit_bzero(client->password, strlen(client->password));
    }
    free(client->password);
    free(client->login);
}

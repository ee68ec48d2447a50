#include "ops/adapter/smtp_url.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

bool smtp_url_is(const char *output)
{
    return strncmp(output, "smtp://", 7) == 0 ||
           strncmp(output, "smtps://", 8) == 0;
}

static enum fault wrong(const char *what)
{
    return fault_say(FAULT_FAILED, "output: %s", what);
}

/* An address goes into commands of SMTP and into headers. */
static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');

    if (at == NULL || at == text || at[1] == '\0') {
        return false;
    }
    for (const char *byte = text; *byte != '\0'; byte++) {
        if (*byte <= ' ' || *byte >= 0x7f || strchr("<>\"(),;\\", *byte)) {
            return false;
        }
    }
    return true;
}

static enum fault keep(char **kept, char *value, const char *name)
{
    if (*kept != NULL) {
        free(value);
        return fault_say(FAULT_FAILED, "output: %s comes twice", name);
    }
    *kept = value;
    return FAULT_NONE;
}

static enum fault keep_address(struct smtp_url *url, char *value, bool is_from)
{
    if (!is_address(value)) {
        enum fault fault =
            fault_say(FAULT_FAILED, "output: \"%s\" is no mail address", value);
        free(value);
        return fault;
    }
    if (is_from) {
        return keep(&url->from, value, "from");
    }
    if (url->n_to == SMTP_URL_TO_MAX) {
        free(value);
        return wrong("more than 16 addresses in to");
    }
    url->to[url->n_to++] = value;
    return FAULT_NONE;
}

static enum fault keep_tls(struct smtp_url *url, char *value)
{
    url->without_tls = strcmp(value, "none") == 0;
    if (!url->without_tls && strcmp(value, "required") != 0) {
        free(value);
        return wrong("tls is neither required nor none");
    }
    free(value);
    return FAULT_NONE;
}

/* Take over one pair of the query. value is owned. */
static enum fault take_pair(struct smtp_url *url, const char *name, char *value)
{
    if (strcmp(name, "from") == 0 || strcmp(name, "to") == 0) {
        return keep_address(url, value, name[0] == 'f');
    }
    if (strcmp(name, "tls") == 0) {
        return keep_tls(url, value);
    }
    if (strcmp(name, "ca") == 0) {
        return keep(&url->ca, value, name);
    }
    if (strcmp(name, "credentials") == 0) {
        return keep(&url->credentials, value, name);
    }
    free(value);
    return fault_say(FAULT_FAILED,
                     "output: \"%s\" is none of from, to, tls, ca, credentials",
                     name);
}

static enum fault read_query(struct smtp_url *url, char *query)
{
    char *rest = query, *pair;

    while ((pair = strsep(&rest, "&")) != NULL) {
        char *value = strchr(pair, '='), *decoded;
        int bytes = 0;
        if (value == NULL) {
            return fault_say(FAULT_FAILED, "output: \"%s\" has no value", pair);
        }
        *value++ = '\0';
        decoded = curl_easy_unescape(NULL, value, 0, &bytes);
        if (decoded == NULL || strlen(decoded) != (size_t)bytes) {
            curl_free(decoded);
            return wrong("its query is not well-formed");
        }
        value = strdup(decoded);
        curl_free(decoded);
        if (value == NULL) {
            return fault_memory();
        }
        TAKE(take_pair(url, pair, value));
    }
    return FAULT_NONE;
}

/* Leave the server alone, with our domain as the name we greet with. */
static enum fault make_server(CURLU *parts, const char *domain,
                              struct smtp_url *url)
{
    char *server = NULL;

    if (curl_url_set(parts, CURLUPART_QUERY, NULL, 0) != CURLUE_OK ||
        curl_url_set(parts, CURLUPART_PATH, domain, CURLU_URLENCODE) !=
            CURLUE_OK ||
        curl_url_get(parts, CURLUPART_URL, &server, 0) != CURLUE_OK) {
        return fault_memory();
    }
    url->server = strdup(server);
    curl_free(server);
    return url->server == NULL ? fault_memory() : FAULT_NONE;
}

static enum fault read_parts(CURLU *parts, const struct cut *cut,
                             struct smtp_url *url)
{
    char *query = NULL, *user = NULL;
    enum fault fault;

    if (curl_url_set(parts, CURLUPART_URL, cut->output, 0) != CURLUE_OK) {
        return wrong("is no URL");
    }
    if (curl_url_get(parts, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        curl_free(user);
        return wrong("has a user in it: use credentials=FILE");
    }
    if (curl_url_get(parts, CURLUPART_QUERY, &query, 0) != CURLUE_OK) {
        return wrong("needs ?from=ADDRESS&to=ADDRESS");
    }
    fault = read_query(url, query);
    curl_free(query);
    TAKE(fault);
    if (url->from == NULL || url->n_to == 0) {
        return wrong("needs from and to");
    }
    return make_server(parts, cut->domain, url);
}

enum fault smtp_url_read(const struct cut *cut, struct smtp_url *url_out)
{
    CURLU *parts = curl_url();
    enum fault fault;

    memset(url_out, 0, sizeof(*url_out));
    if (parts == NULL) {
        return fault_memory();
    }
    fault = read_parts(parts, cut, url_out);
    curl_url_cleanup(parts);
    return fault;
}

void smtp_url_deinit(struct smtp_url *url)
{
    free(url->server);
    free(url->from);
    for (size_t i = 0; i < url->n_to; i++) {
        free(url->to[i]);
    }
    free(url->ca);
    free(url->credentials);
    memset(url, 0, sizeof(*url));
}

#include "node/compliance/os/witness_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 5000 };

struct witness_http {
    struct witness_port port;
    char *authorities; /* NULL: the system's. */
};

static size_t on_bytes(char *data, size_t one, size_t n, void *context)
{
    struct witness_reply *reply = context;

    if (reply->body.len + n * one > WITNESS_REPLY_BYTES_MAX) {
        return 0; /* Which ends the request with an error. */
    }
    buffer_append(&reply->body, data, n * one);
    return buffer_failed(&reply->body) ? 0 : n * one;
}

static enum error error_of(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return ERROR_NONE;
    case CURLE_OPERATION_TIMEDOUT:
        return ERROR_TIMED_OUT;
    case CURLE_WRITE_ERROR:
        return ERROR_TOO_LARGE;
    case CURLE_OUT_OF_MEMORY:
        return ERROR_NO_MEMORY;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ERROR_INVALID;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return ERROR_TLS;
    default:
        return ERROR_CLOSED;
    }
}

static void set_bounds(CURL *curl)
{
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)WITNESS_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "perch");
}

static void set_request(const struct witness_http *http, CURL *curl,
                        const char *url, struct slice body,
                        struct curl_slist *heads)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    if (http->authorities != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, http->authorities);
    }
    if (body.data != NULL) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)body.len);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, heads);
    }
}

static enum error perform(CURL *curl, const char *url,
                          struct witness_reply *reply)
{
    char said[CURL_ERROR_SIZE] = "";
    long status = 0;
    CURLcode code;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, said);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    reply->status = (unsigned)status;
    if (code != CURLE_OK) {
        snprintf(reply->why, sizeof(reply->why), "%.150s: %.140s", url,
                 said[0] != '\0' ? said : curl_easy_strerror(code));
    }
    return error_of(code);
}

static enum error call(void *context, const char *url, struct slice body,
                       struct witness_reply *reply)
{
    const struct witness_http *http = context;
    CURL *curl = curl_easy_init();
    struct curl_slist *heads = curl_slist_append(NULL, "Expect:");
    struct curl_slist *all =
        curl_slist_append(heads, "Content-Type: text/plain; charset=utf-8");
    enum error error = ERROR_NO_MEMORY;

    snprintf(reply->why, sizeof(reply->why), "%s", error_text(error));
    if (curl != NULL && heads != NULL && all != NULL) {
        set_bounds(curl);
        set_request(http, curl, url, body, all);
        error = perform(curl, url, reply);
    }
    curl_slist_free_all(heads);
    curl_easy_cleanup(curl);
    return error;
}

enum error witness_http_open(const char *authorities,
                             struct witness_http **http_out)
{
    struct witness_http *http = calloc(1, sizeof(*http));

    if (http == NULL) {
        return ERROR_NO_MEMORY;
    }
    http->authorities = authorities == NULL ? NULL : strdup(authorities);
    if ((authorities != NULL && http->authorities == NULL) ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(http->authorities);
        free(http);
        return ERROR_NO_MEMORY;
    }
    http->port = (struct witness_port){.context = http, .call = call};
    *http_out = http;
    return ERROR_NONE;
}

void witness_http_close(struct witness_http *http)
{
    if (http != NULL) {
        curl_global_cleanup();
        free(http->authorities);
        free(http);
    }
}

const struct witness_port *witness_http_port(const struct witness_http *http)
{
    return &http->port;
}

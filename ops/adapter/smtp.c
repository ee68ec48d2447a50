#include "ops/adapter/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct smtp {
    const struct smtp_url *url;
    CURL *curl;
    struct curl_slist *to;
    char error[CURL_ERROR_SIZE];
    char *login;       /* USER:PASSWORD; NULL for none. */
    struct slice rest; /* Of the message that is being sent. */
};

static size_t give(char *piece, size_t size, size_t n, void *context)
{
    struct smtp *smtp = context;
    size_t bytes = size * n < smtp->rest.len ? size * n : smtp->rest.len;

    memcpy(piece, smtp->rest.data, bytes);
    smtp->rest = slice_after(smtp->rest, bytes);
    return bytes;
}

static enum fault read_login(struct smtp *smtp)
{
    const char *path = smtp->url->credentials;
    FILE *file = fopen(path, "re");
    size_t capacity = 0;
    ssize_t bytes;

    if (file == NULL) {
        return fault_say(FAULT_FAILED, "%s: %s", path, strerror(errno));
    }
    bytes = getline(&smtp->login, &capacity, file);
    fclose(file);
    if (bytes > 0) {
        smtp->login[strcspn(smtp->login, "\r\n")] = '\0';
    }
    if (bytes <= 0 || strchr(smtp->login, ':') == NULL) {
        return fault_say(FAULT_FAILED, "%s: its first line is no USER:PASSWORD",
                         path);
    }
    return FAULT_NONE;
}

static enum fault name_recipients(struct smtp *smtp)
{
    for (size_t i = 0; i < smtp->url->n_to; i++) {
        struct curl_slist *more = curl_slist_append(smtp->to, smtp->url->to[i]);
        if (more == NULL) {
            return fault_memory();
        }
        smtp->to = more;
    }
    return FAULT_NONE;
}

static void set_up(struct smtp *smtp)
{
    CURL *curl = smtp->curl;
    const struct smtp_url *url = smtp->url;

    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, smtp->error);
    curl_easy_setopt(curl, CURLOPT_URL, url->server);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(
        curl, CURLOPT_USE_SSL,
        (long)(url->without_tls ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (url->ca != NULL) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, url->ca);
    }
    if (smtp->login != NULL) {
        curl_easy_setopt(curl, CURLOPT_USERPWD, smtp->login);
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, url->from);
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, smtp->to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(curl, CURLOPT_READDATA, smtp);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)SMTP_CONNECT_S_MAX);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SMTP_MESSAGE_S_MAX);
    curl_easy_setopt(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     (long)SMTP_REPLY_S_MAX);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

enum fault smtp_open(const struct smtp_url *url, struct smtp **smtp_out)
{
    struct smtp *smtp = calloc(1, sizeof(*smtp));

    if (smtp == NULL) {
        return fault_memory();
    }
    *smtp_out = smtp; /* To be closed in any case. */
    smtp->url = url;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return fault_memory();
    }
    smtp->curl = curl_easy_init();
    if (smtp->curl == NULL) {
        return fault_memory();
    }
    if (url->credentials != NULL) {
        TAKE(read_login(smtp));
    }
    TAKE(name_recipients(smtp));
    set_up(smtp);
    return FAULT_NONE;
}

void smtp_close(struct smtp *smtp)
{
    if (smtp == NULL) {
        return;
    }
    curl_easy_cleanup(smtp->curl);
    curl_slist_free_all(smtp->to);
    curl_global_cleanup();
    if (smtp->login != NULL) {
        explicit_bzero(smtp->login, strlen(smtp->login));
    }
    free(smtp->login);
    free(smtp);
}

enum fault smtp_send(struct smtp *smtp, struct slice message)
{
    CURLcode code;
    long reply = 0;

    smtp->rest = message;
    smtp->error[0] = '\0';
    curl_easy_setopt(smtp->curl, CURLOPT_INFILESIZE_LARGE,
                     (curl_off_t)message.len);
    code = curl_easy_perform(smtp->curl);
    curl_easy_getinfo(smtp->curl, CURLINFO_RESPONSE_CODE, &reply);
    if (code != CURLE_OK) {
        return fault_say(
            FAULT_UNREACHED, "%s: %s (the server said %ld)", smtp->url->server,
            smtp->error[0] != '\0' ? smtp->error : curl_easy_strerror(code),
            reply);
    }
    return FAULT_NONE;
}

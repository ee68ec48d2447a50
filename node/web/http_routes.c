#include "node/web/http_routes.h"

#include <string.h>

#include "proto/base/check.h"

/* Hand the body over to the library, which frees it. */
static struct MHD_Response *response_of(struct http_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body.len, reply->body.data, MHD_RESPMEM_MUST_FREE);

    if (response == NULL) {
        buffer_deinit(&reply->body);
        return NULL;
    }
    buffer_init(&reply->body); /* Ownership has passed. */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                            reply->content_type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    return response;
}

/* Send a reply. Returns MHD_NO, which closes the connection, when that cannot
 * be done. */
static enum MHD_Result send_reply(struct MHD_Connection *mhd,
                                  struct http_reply *reply, const char *header,
                                  const char *value, struct http_meters *meters)
{
    struct MHD_Response *response;
    enum MHD_Result result;

    if (buffer_failed(&reply->body)) {
        buffer_clear(&reply->body);
        reply->status = MHD_HTTP_SERVICE_UNAVAILABLE;
    }
    response = response_of(reply);
    if (response == NULL) {
        return MHD_NO;
    }
    if (header != NULL) {
        MHD_add_response_header(response, header, value);
    }
    CHECK(reply->status >= 100 && reply->status / 100 < HTTP_CLASSES);
    meter_add(&meters->replies[reply->status / 100], 1);
    result = MHD_queue_response(mhd, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static void reply_init(struct http_reply *reply, unsigned status)
{
    reply->status = status;
    reply->content_type = HTTP_TEXT;
    buffer_init(&reply->body);
}

enum MHD_Result http_refuse(struct MHD_Connection *mhd, enum http_fault fault,
                            struct http_meters *meters)
{
    struct http_reply reply;

    meter_add(&meters->refused[fault], 1);
    reply_init(&reply, http_fault_status(fault));
    buffer_printf(&reply.body, "%s\n", http_fault_text(fault));
    return send_reply(mhd, &reply, MHD_HTTP_HEADER_CONNECTION, "close", meters);
}

static bool route_takes(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

/* The methods that the table has for a path, as Allow wants them; empty when
 * it has no such path. */
static void write_allow(const struct http_route *routes, size_t n,
                        const char *path, struct buffer *allow)
{
    for (size_t i = 0; i < n; i++) {
        const char *method = routes[i].method;

        if (strcmp(routes[i].path, path) == 0) {
            buffer_printf(allow, "%s%s%s", allow->len > 0 ? ", " : "", method,
                          strcmp(method, "GET") == 0 ? ", HEAD" : "");
        }
    }
}

/* Nothing in the table takes the request: say what does. */
static enum MHD_Result no_route(const struct http_route *routes, size_t n,
                                const struct http_request *request,
                                struct http_meters *meters)
{
    struct buffer allow = BUFFER_EMPTY;
    struct http_reply reply;
    enum MHD_Result result;

    write_allow(routes, n, request->path, &allow);
    if (allow.len == 0) {
        reply_init(&reply, MHD_HTTP_NOT_FOUND);
        buffer_append_text(&reply.body, "there is no such page\n");
        return send_reply(request->connection, &reply, NULL, NULL, meters);
    }
    reply_init(&reply, MHD_HTTP_METHOD_NOT_ALLOWED);
    buffer_printf(&reply.body, "this page takes %.*s\n",
                  SLICE_PRINT(buffer_slice(&allow)));
    result = send_reply(request->connection, &reply, MHD_HTTP_HEADER_ALLOW,
                        (const char *)allow.data, meters);
    buffer_deinit(&allow);
    return result;
}

enum MHD_Result http_dispatch(const struct http_route *routes, size_t n,
                              const struct http_request *request,
                              struct http_meters *meters)
{
    struct http_reply reply;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(routes[i].path, request->path) == 0 &&
            route_takes(&routes[i], request->method)) {
            reply_init(&reply, MHD_HTTP_OK);
            routes[i].handle(routes[i].context, request, &reply);
            return send_reply(request->connection, &reply, NULL, NULL, meters);
        }
    }
    return no_route(routes, n, request, meters);
}

/* From a request that is to the letter to the reply that goes out.
 *
 * Internal to the server (http.h has the types). What comes back is for
 * libmicrohttpd: MHD_NO closes the connection, when no reply can be made.
 *
 * Thread: web.
 */
#ifndef NODE_WEB_HTTP_ROUTES_H
#define NODE_WEB_HTTP_ROUTES_H

#include <microhttpd.h>

#include "node/web/http.h"

/** Call the handler of the request's route, or answer 404 or 405. */
enum MHD_Result http_dispatch(const struct http_route *routes, size_t n,
                              const struct http_request *request,
                              struct http_meters *meters);

/**
 * Refuse a request that is not to the letter.
 *
 * Closes the connection: after such a head nobody can say where the next
 * begins.
 */
enum MHD_Result http_refuse(struct MHD_Connection *mhd, enum http_fault fault,
                            struct http_meters *meters);

#endif

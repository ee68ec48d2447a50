#include "proto/tlog/hash.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "proto/base/check.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key; /* Frees a thread's context when it ends. */
static EVP_MD *sha256;

static _Thread_local EVP_MD_CTX *thread_context;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void set_up(void)
{
    CHECK(pthread_key_create(&key, free_context) == 0);
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    CHECK(sha256 != NULL);
}

static EVP_MD_CTX *context_of_thread(void)
{
    if (thread_context == NULL) {
        CHECK(pthread_once(&once, set_up) == 0);
        thread_context = EVP_MD_CTX_new();
        CHECK(thread_context != NULL);
        CHECK(pthread_setspecific(key, thread_context) == 0);
    }
    return thread_context;
}

void hash_pair(struct slice a, struct slice b, struct merkle_hash *hash_out)
{
    EVP_MD_CTX *context = context_of_thread();
    unsigned len = 0;

    CHECK(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    CHECK(EVP_DigestUpdate(context, a.data, a.len) == 1);
    CHECK(b.len == 0 || EVP_DigestUpdate(context, b.data, b.len) == 1);
    CHECK(EVP_DigestFinal_ex(context, hash_out->bytes, &len) == 1);
    CHECK(len == MERKLE_HASH_BYTES);
}

void hash_bytes(struct slice bytes, struct merkle_hash *hash_out)
{
    hash_pair(bytes, SLICE_NONE, hash_out);
}

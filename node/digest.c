#include "node/digest.h"

#include <string.h>

#include "proto/base/check.h"
#include "proto/base/checksum.h"

void digest_init(struct digest *digest, uint64_t index, uint64_t value)
{
    memset(digest, 0, sizeof(*digest));
    digest->index = index;
    digest->value = value;
}

/* splitmix64's last step: every bit depends on all. */
static uint64_t mix(uint64_t digest, uint64_t word)
{
    uint64_t z = digest ^ (word + 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The log has indexes that no entry of ours is at. What was true after the
 * last entry is true at every index before the next. */
static void keep_until(struct digest *digest, uint64_t index)
{
    uint64_t last = (index - 1) / DIGEST_EVERY;
    uint64_t first = (digest->index + DIGEST_EVERY - 1) / DIGEST_EVERY;

    if (last >= DIGESTS_KEPT && first < last - DIGESTS_KEPT + 1) {
        first = last - DIGESTS_KEPT + 1;
    }
    for (uint64_t n = first; n <= last; n++) {
        digest->kept[n % DIGESTS_KEPT].index = n * DIGEST_EVERY;
        digest->kept[n % DIGESTS_KEPT].value = digest->value;
    }
}

void digest_add(struct digest *digest, uint64_t index, struct slice bytes,
                struct applied applied, size_t n_events)
{
    uint64_t value;

    CHECK(index > digest->index);
    keep_until(digest, index);
    value = mix(digest->value, index);
    value = mix(value, checksum_of(bytes.data, bytes.len));
    value = mix(value, bytes.len);
    value = mix(value, (uint64_t)applied.outcome);
    value = mix(value, applied.value);
    digest->value = mix(value, n_events);
    digest->index = index;
}

bool digest_at(const struct digest *digest, uint64_t index, uint64_t *value_out)
{
    size_t slot = index / DIGEST_EVERY % DIGESTS_KEPT;

    if (index == digest->index) {
        *value_out = digest->value;
        return true;
    }
    if (index == 0 || digest->kept[slot].index != index) {
        return false;
    }
    *value_out = digest->kept[slot].value;
    return true;
}

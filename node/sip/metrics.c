#include "node/sip/metrics.h"

#include "proto/base/check.h"

#define EDGE_METRIC_INFO(name, kind, text, help)                               \
    {text, help, EDGE_METRIC_KIND_##kind},
static const struct edge_metric_info infos[EDGE_METRIC_COUNT] = {
    EDGE_METRICS(EDGE_METRIC_INFO)};
#undef EDGE_METRIC_INFO

const struct edge_metric_info *edge_metric_info(enum edge_metric metric)
{
    CHECK((unsigned)metric < EDGE_METRIC_COUNT);
    return &infos[metric];
}

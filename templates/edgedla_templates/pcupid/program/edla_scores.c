#include "edla_scores.h"

#include <math.h>

/* Insert a class into the sorted `top`; the last one falls off where there are `limit` already. */
static size_t insert(edla_score *top, size_t found, size_t limit, size_t class_id, double value)
{
    size_t at = found < limit ? found : limit - 1;

    if (found == limit && !(value > top[at].value))
        return found;
    for (; at > 0 && value > top[at - 1].value; at--)
        top[at] = top[at - 1];
    top[at].class_id = class_id;
    top[at].value = value;
    return found < limit ? found + 1 : found;
}

static double score(double value, double best, double sum, edla_score_kind kind)
{
    switch (kind) {
    case EDLA_SOFTMAX:
        return exp(value - best) / sum;
    case EDLA_SIGMOID: /* in the form whose exponential does not overflow */
        return value >= 0 ? 1 / (1 + exp(-value)) : exp(value) / (1 + exp(value));
    case EDLA_NONE:
        break;
    }
    return value;
}

size_t edla_scores(const float *values, size_t count, edla_score_kind kind, edla_score *top, size_t limit)
{
    size_t found = 0;
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i]))
            return 0;
        found = insert(top, found, limit, i, (double)values[i]);
    }
    for (size_t i = 0; kind == EDLA_SOFTMAX && i < count; i++)
        sum += exp((double)values[i] - top[0].value); /* of the differences: none overflows */
    for (size_t i = 0; i < found; i++)
        top[i].score = score(top[i].value, top[0].value, sum, kind);
    return found;
}

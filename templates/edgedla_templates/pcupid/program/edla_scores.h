/* From the network's first output to classes and scores: the numbers of the model's own Python code.
 *
 *     edla_score top[5];
 *     size_t found = edla_scores(output, 10, EDLA_SOFTMAX, top, 5);
 *     printf("class %zu at %f\n", top[0].class_id, top[0].score);
 */
#ifndef EDLA_SCORES_H
#define EDLA_SCORES_H

#include <stddef.h>

#include "edla_model.h"

typedef struct {
    size_t class_id;
    double value; /* of the output; decides the order */
    double score; /* 0 to 1 by softmax and sigmoid, else the value itself */
} edla_score;

/* The best `limit` of `count` classes, best first, equal ones by their number; how many there are.
 * 0 where a value is no finite number, so that nothing can be said. */
size_t edla_scores(const float *values, size_t count, edla_score_kind kind, edla_score *top, size_t limit);

#endif

/* Half the sample rate, as soxr does it first where a rate is four times that of the result, or more: a short filter
 * that leaves alone what the filters after it keep.
 *
 *     static edla_halver halver;
 *     edla_halve_start(&halver, 2);
 *     count = edla_halve(&halver, samples, count);
 */
#ifndef EDLA_HALVE_H
#define EDLA_HALVE_H

#include <stddef.h>

#define EDLA_HALVE_BLOCK 1024
#define EDLA_HALVE_REACH 19 /* samples on either side that a result depends on */

typedef struct {
    float factor[EDLA_HALVE_REACH + 1]; /* of the samples at each distance; every other one is 0 */
    float line[2 * EDLA_HALVE_REACH + 1 + EDLA_HALVE_BLOCK]; /* samples that are still needed */
    size_t filled;                                           /* of those */
} edla_halver;

/* Begin with silence before the first sample. The more filters, of all kinds, follow each other, the less each has to
 * leave of what it removes. */
void edla_halve_start(edla_halver *halver, int stages);

/* Take up to EDLA_HALVE_BLOCK samples and put in their place what can be made with them. Returns how many that are;
 * result n has the time of sample 2 * n. */
size_t edla_halve(edla_halver *halver, float *samples, size_t count);

#endif

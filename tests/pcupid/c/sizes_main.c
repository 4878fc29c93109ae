/* Whether a resampler has room for what it makes, for rates from all over their range. */
#include "edla_resample.c"

#include <stdio.h>
#include <stdlib.h>

static int fits(edla_resample *resample, uint32_t from, uint32_t to)
{
    size_t count;

    edla_resample_init(to, resample);
    plan(resample, from);
    count = edla_kernel_count(&resample->kernel, (double)resample->phases * resample->wide);
    return resample->taps <= LONGEST && count <= sizeof resample->half / sizeof(float) && count <= TABLE &&
           (resample->phases + !resample->exact) * resample->taps <= TABLE && resample->phases >= 1 &&
           resample->halvings <= HALVINGS;
}

int main(void)
{
    static const uint32_t ends[] = {1000, 1001, 3999, 4000, 4001, 22050, 249999, 250000, 999999, 1000000};
    edla_resample *resample = malloc(edla_resample_size());
    unsigned long count = 0;

    for (size_t i = 0; resample && i < sizeof ends / sizeof *ends; i++)
        for (uint32_t other = 1000; other <= 1000000; other += other < 60000 ? 1 : 37, count += 2)
            if ((other != ends[i]) && (!fits(resample, other, ends[i]) || !fits(resample, ends[i], other))) {
                printf("no room for %lu and %lu Hz\n", (unsigned long)other, (unsigned long)ends[i]);
                return 1;
            }
    free(resample);
    printf("%lu pairs\n", count);
    return 0;
}

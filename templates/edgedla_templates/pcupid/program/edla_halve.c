#include "edla_halve.h"

#include <string.h>

#include "edla_kernel.h"

void edla_halve_start(edla_halver *halver, int stages)
{
    static const edla_sinc few = {0.5, 17.254, 13.285}, many = {0.5, 19.467, 15.019}; /* measured, see edla_kernel.h */
    const edla_sinc *sinc = stages < 4 ? &few : &many;

    memset(halver, 0, sizeof *halver);
    halver->factor[0] = 0.5f;
    for (size_t i = 1; i <= EDLA_HALVE_REACH; i += 2)
        halver->factor[i] = (float)edla_sinc_at(sinc, (double)i);
    halver->filled = EDLA_HALVE_REACH;
}

size_t edla_halve(edla_halver *halver, float *samples, size_t count)
{
    const float *factor = halver->factor, *middle = halver->line + EDLA_HALVE_REACH, *end;
    size_t made = 0, gone;

    memcpy(halver->line + halver->filled, samples, count * sizeof *samples);
    halver->filled += count;
    end = halver->line + halver->filled;
    for (; end - middle > EDLA_HALVE_REACH; middle += 2) {
        float sum = factor[0] * middle[0];
        for (int i = 1; i <= EDLA_HALVE_REACH; i += 2)
            sum += factor[i] * (middle[-i] + middle[i]);
        samples[made++] = sum;
    }
    gone = (size_t)(middle - halver->line) - EDLA_HALVE_REACH;
    halver->filled -= gone;
    memmove(halver->line, halver->line + gone, halver->filled * sizeof(float));
    return made;
}

/* What came out of the build for the clips in golden/. Made by edgedla: changes are lost with the next build. */
#include "eat.h"

static const float clip_0_0[] = {
    1.11762202f, -1.3871249f, -0.426571608f, -0.803587258f, 0.601427734f, -0.0749932453f,
    0.0596931949f, -0.0320060886f, -0.185484678f, 1.20477366f,
};
static const edla_expected clip_0[] = {
    {.step = 1, .count = 10, .values = clip_0_0},
};

static const float clip_1_0[] = {
    0.777453065f, -1.35828102f, 0.769827843f, -0.870226979f, 1.09976351f, -0.958474219f,
    -1.27493191f, -1.36533809f, -1.47432756f, 0.433531702f,
};
static const edla_expected clip_1[] = {
    {.step = 1, .count = 10, .values = clip_1_0},
};

const edla_clip edla_made_for_eat_clips[2] = {
    {.name = "clip_0", .class_id = 9, .expected = clip_0},
    {.name = "clip_1", .class_id = 4, .expected = clip_1},
};

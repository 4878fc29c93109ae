/* The model eat_sed, as the build left it. Made by edgedla: changes are lost with the next build. */
#include "eat.h"

static const edla_tensor inputs[] = {
    {.name = "images",
     .format = EDLA_F32,
     .rank = 3,
     .shape = {1, 1, 114688},
     .planes = 0,
     .width_alignment = 1,
     .height_alignment = 1},
};

static const edla_tensor outputs[] = {
    {.name = "output",
     .format = EDLA_F32,
     .rank = 2,
     .shape = {1, 10},
     .planes = 0,
     .width_alignment = 1,
     .height_alignment = 1},
};

static const char *const labels[] = {
    "dog",
    "rooster",
    "rain",
    "sea_waves",
    "crackling_fire",
    "crying_baby",
    "sneezing",
    "clock_tick",
    "helicopter",
    "chainsaw",
};

static const edla_audio audio = {
    .rate = 22050,
    .peak = 0.95f,
    .length = 114688,
    .window = EDLA_WINDOW_START,
};

const edla_model edla_made_for_eat = {
    .name = "eat_sed",
    .program = "prog_sed_eat",
    .notice = "emulated toolchain: files and figures are edgedla's own, not the vendor's; no board runs them",
    .inputs = inputs,
    .input_count = 1,
    .outputs = outputs,
    .output_count = 1,
    .class_count = 10,
    .labels = labels,
    .scores = EDLA_SOFTMAX,
    .audio = &audio,
    .image_sha256 = "5e7e7ba9da9bc05f2605238775c947bc287f42f7198073f3f777cb34761da0de",
    .image_size = 593,
    .variable_buffer_size = 1835008,
    .clips = edla_made_for_eat_clips,
    .clip_count = 2,
    .tolerance = 0.0,
};

const edla_model *const edla_made_for = &edla_made_for_eat;

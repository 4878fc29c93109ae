/* The model eat_sed for prog_sed_eat. Made by edgedla: changes are lost with the next build. */
#ifndef EDLA_MADE_FOR_EAT_H
#define EDLA_MADE_FOR_EAT_H

#include "edla_model.h"

#if EDLA_ABI != 1
#error "eat.h is of another version of edgedla than edla_model.h: take all files from one build"
#endif

extern const edla_model edla_made_for_eat;

/* Outputs of the build for the clips in golden/. */
extern const edla_clip edla_made_for_eat_clips[2];

#endif

/* policy_validators.h - what libconfuse calls for each value of a policy file as it reads it. */
#ifndef POSTLATCH_POLICY_VALIDATORS_H
#define POSTLATCH_POLICY_VALIDATORS_H

#include <confuse.h>

/* For all plain settings, and for those of the sections. */
void pl_policy_set_validators(cfg_t *cfg);
/* Makes a second value an error; libconfuse lets the last one win. Every validator calls it. */
void pl_policy_allow_once(cfg_opt_t *opt);

#endif

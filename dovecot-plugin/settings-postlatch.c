/* settings-postlatch.c - tells Dovecot 2.4's doveconf and config process our settings. */
#include "dovecot-plugin/compat.h"

extern const char *postlatch_settings_version;
extern const struct setting_parser_info *postlatch_settings_set_infos[];

const char *postlatch_settings_version = DOVECOT_ABI_VERSION;

const struct setting_parser_info *postlatch_settings_set_infos[] = {
	&postlatch_setting_parser_info,
	NULL,
};

/* setting.h - the inheritable settings: their names, values and layers.
 *
 * The table is settings.def. A layer holds one value for each setting, or PL_UNSET where it
 * does not set it; decide.h says which layer wins.
 */
#ifndef POSTLATCH_SETTING_H
#define POSTLATCH_SETTING_H

#include <stddef.h>
#include <stdint.h>

#include "policy/base/day.h"
#include "policy/base/network.h"

enum pl_setting {
#define PL_SETTING(id, name, label, kind, values, builtin, where, text) PL_SETTING_##id,
#include "policy/settings/settings.def"
#undef PL_SETTING
	PL_SETTING_COUNT
};

enum pl_value {
	PL_UNSET = 0, /* inherit */
	PL_ON,
	PL_OFF,
	PL_FORBIDDEN, /* policy file only: off, and no other layer can switch it on */
	PL_OPTIONAL,
	PL_REQUIRED,
	PL_STEP_UP, /* policy file only: asked for on sensitive pages, not at sign-in */
	PL_USE,
	PL_SKIP,
	PL_ALWAYS,
	PL_UNTIL_SECOND_FACTOR,
	PL_NEVER,
	PL_EVERYWHERE,
	PL_LISTED, /* the networks that the layer lists */
	PL_VALUE_COUNT
};

#define PL_BIT(value) (1u << (value))
#define PL_VALUES_SWITCH (PL_BIT(PL_ON) | PL_BIT(PL_OFF))

enum pl_setting_kind { PL_KIND_SWITCH, PL_KIND_CHOICE, PL_KIND_NETWORKS };

/* The places where a setting may be set, as bits. */
enum pl_layer_bit {
	PL_AT_MEMBER = 1,
	PL_AT_DOMAIN = 2,
	PL_AT_POLICY = 4,
	PL_AT_CLASS = 8,
	PL_NOT_YET = 16, /* no place: no program acts on the setting yet */
	PL_DATED = 32,   /* no place: a value but the built-in one may have a date */
};

#define PL_NETWORKS_MOST 8 /* in a list, so that a record of a change has room for two */
#define PL_NETWORKS_TEXT (PL_NETWORKS_MOST * PL_NETWORK_TEXT)

struct pl_setting_info {
	const char *name;
	const char *label; /* for sentences: "POP3" */
	enum pl_setting_kind kind;
	unsigned int values; /* PL_BIT()s that a member or domain may be given */
	enum pl_value builtin;
	unsigned int where; /* enum pl_layer_bit */
	const char *text;
};

struct pl_settings {
	unsigned char value[PL_SETTING_COUNT]; /* enum pl_value */
	/* The day from which the value holds (policy/base/day.h); until then the layer is as if it
	 * did not set it. 0: it holds. */
	int32_t from[PL_SETTING_COUNT];
	/* With PL_LISTED, "192.0.2.0/24,2001:db8::/32"; else "". Only one setting is a list. */
	char networks[PL_NETWORKS_TEXT];
};

/* Never NULL for a valid enum. */
const struct pl_setting_info *pl_setting_info(enum pl_setting setting);
/* Returns 1 and the setting, or 0 when there is no setting of that name. */
int pl_setting_by_name(const char *name, enum pl_setting *setting_r);
/* Returns the present name of a setting that had this name before 0.2, or NULL. */
const char *pl_setting_renamed(const char *name);
/* "inherit" for PL_UNSET. */
const char *pl_value_name(enum pl_value value);
/* Returns 1 and the value, or 0 for an unknown word; "inherit" gives PL_UNSET. */
int pl_value_by_name(const char *name, enum pl_value *value_r);
/* Whether the value may be written at that place (PL_UNSET always may). */
int pl_setting_accepts(enum pl_setting setting, enum pl_layer_bit where, enum pl_value value);
/* Whether the value may have a date from which it holds. */
int pl_setting_accepts_date(enum pl_setting setting, enum pl_value value);
#define PL_VALUE_TEXT PL_NETWORKS_TEXT /* the longest value with its NUL */

/* Reads a value as it is written at that place, "never" or "never_from_2027-03-01". 1, or 0 when
 * the setting does not accept it there; then settings is as before. */
int pl_setting_read(enum pl_setting setting, enum pl_layer_bit where, const char *text,
		    struct pl_settings *settings);
/* Writes what the settings have for it in the same form; "inherit" when it is not set. Returns
 * text_r. */
char *pl_setting_write(enum pl_setting setting, const struct pl_settings *settings,
		       char text_r[PL_VALUE_TEXT]);
/* Copies what the one has for the setting to the other. */
void pl_setting_copy(enum pl_setting setting, const struct pl_settings *from,
		     struct pl_settings *to);
/* Whether both have the same for the setting. */
int pl_setting_same(enum pl_setting setting, const struct pl_settings *a,
		    const struct pl_settings *b);
/* Reads a list of networks with commas or spaces between them, and writes it as it is kept: each
 * as pl_network_format does, and none twice. 0, or -1 when it is wrong or has too many; then the
 * error says why. */
int pl_setting_read_networks(const char *text, char networks_r[PL_NETWORKS_TEXT],
			     struct pl_error *err);
/* Writes the values that are allowed there: "on, off, inherit". Returns buf. */
char *pl_setting_choices(enum pl_setting setting, enum pl_layer_bit where, char *buf, size_t size);

#endif

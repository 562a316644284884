/* member_state.c - see member_state.h. */
#include "policy/account/member_state.h"

/* Where the bits of a setting begin. Databases have them: a number is never given twice, and a new
 * setting takes the next ones, in a migration that sets the bit of having none for all members. */
static const unsigned char first_bit[PL_SETTING_COUNT] = {
	[PL_SETTING_WEBMAIL] = 2,
	[PL_SETTING_IMAP] = 5,
	[PL_SETTING_POP3] = 8,
	[PL_SETTING_SMTP] = 11,
	[PL_SETTING_SIEVE] = 14,
	[PL_SETTING_FORWARDING] = 17,
	[PL_SETTING_LARGE_ATTACHMENTS] = 20,
	[PL_SETTING_TWO_FACTOR] = 23,
	[PL_SETTING_TWO_FACTOR_REQUIREMENT] = 26,
	[PL_SETTING_TWO_FACTOR_MODE] = 29,
	[PL_SETTING_CLIENT_PASSWORD] = 32,
	[PL_SETTING_APP_PASSWORDS] = 36,
	[PL_SETTING_CONNECTED_APPLICATIONS] = 39,
	[PL_SETTING_WEBMAIL_ALLOWED_NETWORKS] = 42,
};

int64_t pl_member_state_bit(enum pl_setting setting, enum pl_value value)
{
	const unsigned int values = pl_setting_info(setting)->values;
	int place = value == PL_UNSET ? 0 : 1;

	if (value != PL_UNSET && (values & PL_BIT(value)) == 0)
		return 0;
	for (unsigned int other = PL_ON; other < value; other++)
		place += (values & PL_BIT(other)) != 0;
	return INT64_C(1) << (first_bit[setting] + place);
}

struct pl_member_state pl_member_state_of(const struct pl_settings *own)
{
	struct pl_member_state state = { 0 };
	int any = 0;

	for (int i = 0; i < PL_SETTING_COUNT; i++) {
		const enum pl_setting setting = (enum pl_setting)i;
		const enum pl_value value = (enum pl_value)own->value[i];
		const int has_date = value != PL_UNSET && own->from[i] != 0;
		const enum pl_value now = has_date ? PL_UNSET : value;

		any |= value != PL_UNSET;
		state.now |= pl_member_state_bit(setting, now);
		if (setting == PL_SETTING_TWO_FACTOR_REQUIREMENT) {
			state.dated |= pl_member_state_bit(setting, now);
			state.required_from = has_date ? own->from[i] : 0;
		} else {
			state.dated |= pl_member_state_bit(setting, value);
			state.from = has_date ? own->from[i] : state.from;
		}
	}
	state.now |= any ? PL_STATE_HAS_OWN : PL_STATE_INHERITS_ALL;
	state.dated |= any ? PL_STATE_HAS_OWN : PL_STATE_INHERITS_ALL;
	return state;
}

int pl_member_state_credentials(const struct pl_work *work, int64_t member_id)
{
	return pl_exec(work->store, PL_SQL_MEMBER_STATE_CREDENTIALS,
		       PL_PARAMS(PL_INT("member_id", member_id)), work->err);
}

/* fuzz_policy.c - the policy file. */
#include "tests/fuzz/fuzz.h"

#include "policy/settings/policy.h"

/* libconfuse 3.3 forgets the arguments of a call that has a syntax error behind
 * it. What is allocated on our side of the border is still looked for. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfuse.so\n";
}

/* Every value must be one that its place allows. */
static void check_section(const struct pl_settings *settings, enum pl_layer_bit where)
{
	for (unsigned int i = 0; i < PL_SETTING_COUNT; i++) {
		enum pl_value value = (enum pl_value)settings->value[i];

		MUST(value == PL_UNSET || pl_setting_accepts((enum pl_setting)i, where, value));
	}
}

static void check(const struct pl_policy *policy)
{
	MUST(policy->app_password_length >= 16 && policy->app_password_length <= 64);
	MUST(policy->database != NULL && policy->verify_key != NULL);
	check_section(&policy->defaults, PL_AT_POLICY);
	for (size_t i = 0; i < policy->domain_count; i++) {
		check_section(&policy->domains[i].settings, PL_AT_POLICY);
		MUST(pl_policy_domain(policy, policy->domains[i].name) ==
		     &policy->domains[i].settings);
	}
	for (size_t i = 0; i < policy->class_count; i++) {
		check_section(&policy->classes[i].settings, PL_AT_CLASS);
		MUST(pl_policy_class(policy, policy->classes[i].name) ==
		     &policy->classes[i].settings);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl_policy *policy;
	struct pl_error err = { 0 };

	if (pl_policy_parse((const char *)data, size, "policy.conf", &policy, &err) == 0) {
		check(policy);
		pl_policy_unref(&policy);
	} else {
		MUST(policy == NULL && err.code != PL_OK && err.msg[0] != '\0');
	}
	return 0;
}

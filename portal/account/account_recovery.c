/* account_recovery.c - the member's recovery contacts: consent, codes, changes, and the record. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "policy/base/utf8.h"
#include "policy/recovery/contact.h"
#include "policy/recovery/phone.h"
#include "portal/account/handlers.h"
#include "portal/signin/guards.h"
#include "portal/signin/notify.h"

/* -- what the page shows -- */

/* 1; 0 and the answer, where the operator has not switched it on. */
static int check_on(const struct request *request, struct response *response)
{
	return request->policy->recovery_contacts ? 1 : respond_error(response, 404, "not-found");
}

/* Enough of a contact to know it again. */
static char *mask(const char *value, char text_r[PL_ADDRESS_MAX + 1])
{
	const char *at = strrchr(value, '@');
	const size_t len = strlen(value), first = pl_utf8_fit(value, 4);

	if (at != NULL)
		snprintf(text_r, PL_ADDRESS_MAX + 1, "%.*s***%s",
			 (int)pl_utf8_fit(value, value[0] < 0 ? first : 1), value, at);
	else
		snprintf(text_r, PL_ADDRESS_MAX + 1, "%.3s***%s", value,
			 len > 4 ? value + len - 4 : "");
	return text_r;
}

static json_t *contact_json(const struct pl_contact *contact)
{
	char value[PL_ADDRESS_MAX + 4], asked[PL_ADDRESS_MAX + 4];

	return json_pack("{s:s, s:I, s:s, s:I}", "value",
			 contact->value[0] != '\0' ? mask(contact->value, value) : "",
			 "confirmed_at", (json_int_t)contact->confirmed_at, "asked",
			 contact->asked[0] != '\0' ? mask(contact->asked, asked) : "", "due_at",
			 (json_int_t)contact->due_at);
}

/* A list of both, or NULL and the error. */
static json_t *contacts_json(const struct request *request)
{
	json_t *contacts = json_object();

	for (int kind = 0; kind < PL_CONTACT_KINDS; kind++) {
		struct pl_contact contact;

		if (pl_contact_get(&request->work, request->seal, request->session.member_id,
				   (enum pl_contact_kind)kind, &contact) < 0) {
			json_decref(contacts);
			return NULL;
		}
		json_object_set_new(contacts, pl_contact_kind_name((enum pl_contact_kind)kind),
				    contact_json(&contact));
		OPENSSL_cleanse(&contact, sizeof(contact));
	}
	return contacts;
}

static json_t *decision_json(const struct pl_decision *decision)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:s, s:s}", "decision", decision->what, "text",
			 (json_int_t)decision->text_number, "sha256", decision->text_hash,
			 "language", decision->language, "at", (json_int_t)decision->at, "ip",
			 decision->ip, "device", decision->device);
}

/* Whether the newest decision agrees to the text that holds. */
static int is_agreed(const struct pl_decision *decision, int64_t number)
{
	return decision->text_number == number && strcmp(decision->what, PL_DECISION_AGREE) == 0;
}

static int answer_recovery(struct request *request, struct response *response, const char *language,
			   struct pl_error *err)
{
	struct pl_consent_text text;
	struct pl_decision decision;
	json_t *contacts;
	int ret;

	if (pl_consent_text_load(request->policy->consent_dir, language, &text, err) < 0)
		return -1;
	ret = pl_decision_get(&request->work, request->session.member_id, &decision);
	contacts = ret < 0 ? NULL : contacts_json(request);
	if (contacts != NULL)
		ret = respond_json(response, 200,
				   json_pack("{s:{s:I, s:s, s:s, s:s}, s:o?, s:b, s:b, s:o, s:b, "
					     "s:b, s:b}",
					     "consent", "number", (json_int_t)text.number,
					     "language", text.language, "sha256", text.hash, "text",
					     text.text, "decision",
					     ret == 1 ? decision_json(&decision) : NULL, "agreed",
					     is_agreed(&decision, text.number), "asks",
					     decision.text_number < text.number, "contacts",
					     contacts, "phone_possible",
					     request->policy->sms_command[0] != '\0',
					     "foreign_possible",
					     pl_phone_has_foreign(request->policy->sms_countries),
					     "reauthenticated", is_reauthenticated(request)));
	else
		ret = -1;
	pl_consent_text_free(&text);
	return ret;
}

/* That of the page, which is the browser's until the reader chooses another one. */
static const char *language_of(const struct request *request, const char *asked)
{
	return asked != NULL && pl_consent_language(asked)
		       ? asked
		       : language_tags[request_language(request)];
}

int get_recovery(struct request *request, struct response *response, struct pl_error *err)
{
	const int ret = check_on(request, response);

	return ret == 1 ? answer_recovery(request, response,
					  language_of(request, request_query(request, "language")),
					  err)
			: ret;
}

static int add_decision(const struct pl_decision *decision, void *context)
{
	return json_array_append_new(context, decision_json(decision));
}

int get_recovery_decisions(struct request *request, struct response *response, struct pl_error *err)
{
	json_t *rows = json_array();
	int ret = check_on(request, response);

	(void)err;
	if (ret == 1)
		ret = pl_decision_list(&request->work, request->session.member_id, add_decision,
				       rows) < 0
			      ? -1
			      : 1;
	if (ret == 1)
		return respond_json(response, 200,
				    json_pack("{s:s, s:o}", "account", request->address,
					      "decisions", rows));
	json_decref(rows);
	return ret;
}

/* -- changes -- */

static int finish(struct request *request, struct response *response, struct pl_error *err)
{
	const char *language = language_of(request, request_text(request, "language"));

	return answer_recovery(request, response, language, err) < 0 ||
			       pl_store_commit(request->work.store, err) < 0
		       ? -1
		       : 0;
}

/* Begins the transaction of a change: 1; 0 and the answer; -1. */
static int begin(struct request *request, struct response *response, struct pl_account **account_r,
		 struct pl_error *err)
{
	const int ret = check_on(request, response);

	if (ret != 1)
		return ret;
	return request_begin_write(request, err) < 0 || request_account(request, account_r, err) < 0
		       ? -1
		       : 1;
}

/* All contacts, with what waits for them: 1, 0 there were none, -1. */
static int erase_all(struct request *request, const struct pl_account *account)
{
	int erased = 0;

	for (int kind = 0; kind < PL_CONTACT_KINDS; kind++) {
		const int ret =
			pl_contact_erase(&request->work, account, (enum pl_contact_kind)kind);

		if (ret < 0)
			return -1;
		erased |= ret;
	}
	if (erased &&
	    notify_member(request, request->session.member_id, "recovery-contact-removed") < 0)
		return -1;
	return erased;
}

static int add(struct request *request, const struct pl_account *account, const char *what,
	       const struct pl_consent_text *text)
{
	struct pl_decision decision = { .text_number = text->number };

	snprintf(decision.what, sizeof(decision.what), "%s", what);
	memcpy(decision.text_hash, text->hash, sizeof(decision.text_hash));
	memcpy(decision.language, text->language, sizeof(decision.language));
	memcpy(decision.ip, request->ip_text, sizeof(decision.ip));
	request_device(request, decision.device, sizeof(decision.device));
	return pl_decision_add(&request->work, account, &decision);
}

/* What was decided is recorded about the text that was shown, or not at all. */
static int decide(struct request *request, struct response *response, const char *what,
		  struct pl_error *err)
{
	const char *language = language_of(request, request_text(request, "language"));
	struct pl_consent_text text;
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret != 1)
		return ret;
	if (pl_consent_text_load(request->policy->consent_dir, language, &text, err) < 0)
		return -1;
	if (strcmp(text.hash, request_text(request, "sha256")) != 0)
		ret = respond_error(response, 409, "consent-changed");
	else if (add(request, account, what, &text) < 0 ||
		 (strcmp(what, PL_DECISION_AGREE) != 0 && erase_all(request, account) < 0))
		ret = -1;
	pl_consent_text_free(&text);
	return ret == 1 ? finish(request, response, err) : ret;
}

int post_recovery_decision(struct request *request, struct response *response, struct pl_error *err)
{
	const char *what = request_text(request, "decision");

	if (strcmp(what, PL_DECISION_AGREE) != 0 && strcmp(what, PL_DECISION_REFUSE) != 0 &&
	    strcmp(what, PL_DECISION_WITHDRAW) != 0)
		return respond_bad_field(response, "decision");
	return decide(request, response, what, err);
}

/* The kind that the body names, and consent for it: 1; 0 and the answer; -1. */
static int begin_contact(struct request *request, struct response *response,
			 struct pl_account **account_r, enum pl_contact_kind *kind_r,
			 struct pl_error *err)
{
	struct pl_decision decision;
	int64_t number;
	int ret = begin(request, response, account_r, err);

	if (ret != 1)
		return ret;
	if (!pl_contact_kind_of(request_text(request, "kind"), kind_r) ||
	    (*kind_r == PL_CONTACT_PHONE && request->policy->sms_command[0] == '\0'))
		return respond_bad_field(response, "kind");
	if (pl_consent_text_number(request->policy->consent_dir, &number, err) < 0 ||
	    pl_decision_get(&request->work, request->session.member_id, &decision) < 0)
		return -1;
	return is_agreed(&decision, number) ? 1 : respond_error(response, 403, "no-consent");
}

static int refuse(struct response *response, enum pl_contact_fault fault)
{
	switch (fault) {
	case PL_CONTACT_OWN_SERVER:
		return respond_error(response, 422, "contact-here");
	case PL_CONTACT_COUNTRY:
		return respond_error(response, 422, "contact-country");
	case PL_CONTACT_SAME:
		return respond_error(response, 422, "contact-same");
	case PL_CONTACT_TOO_MANY:
		return respond_error(response, 403, "too-many-contact-codes");
	case PL_CONTACT_FITS:
	case PL_CONTACT_INVALID:
		break;
	}
	return respond_bad_field(response, "value");
}

int post_recovery_contact(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_contact_keys keys = { request->seal, request->verify };
	const struct pl_contact_message asker = notify_asker(request);
	struct pl_contact_wish wish = { .value = request_text(request, "value"),
					.foreign = request_flag(request, "foreign") };
	enum pl_contact_fault fault = PL_CONTACT_FITS;
	struct pl_account *account;
	int ret = begin_contact(request, response, &account, &wish.kind, err);

	if (ret != 1)
		return ret;
	ret = pl_contact_ask(&request->work, &keys, request->policy, account, &wish, &asker,
			     &fault);
	if (ret == 0)
		return refuse(response, fault);
	return ret < 0 ? -1 : finish(request, response, err);
}

static int answer_confirmed(struct request *request, struct response *response,
			    enum pl_contact_confirmed confirmed, struct pl_error *err)
{
	const char *what = NULL;

	switch (confirmed) {
	case PL_CONTACT_WRONG:
		return pl_store_commit(request->work.store, err) < 0
			       ? -1
			       : respond_error(response, 422, "wrong-contact-code");
	case PL_CONTACT_ADDED:
		what = "recovery-contact-added";
		break;
	case PL_CONTACT_WAITS:
		what = "recovery-contact-changing";
		break;
	}
	return notify_member(request, request->session.member_id, what) < 0
		       ? -1
		       : finish(request, response, err);
}

int post_recovery_confirm(struct request *request, struct response *response, struct pl_error *err)
{
	const struct pl_contact_keys keys = { request->seal, request->verify };
	const struct pl_contact_message asker = notify_asker(request);
	enum pl_contact_confirmed confirmed;
	enum pl_contact_kind kind;
	struct pl_account *account;
	int ret = begin_contact(request, response, &account, &kind, err);

	if (ret != 1)
		return ret;
	if (pl_contact_confirm(&request->work, &keys, account, kind, request_text(request, "code"),
			       &asker, &confirmed) < 0)
		return -1;
	return answer_confirmed(request, response, confirmed, err);
}

int post_recovery_cancel(struct request *request, struct response *response, struct pl_error *err)
{
	enum pl_contact_kind kind;
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret != 1)
		return ret;
	if (!pl_contact_kind_of(request_text(request, "kind"), &kind))
		return respond_bad_field(response, "kind");
	return pl_contact_cancel(&request->work, account, kind) < 0
		       ? -1
		       : finish(request, response, err);
}

int post_recovery_remove(struct request *request, struct response *response, struct pl_error *err)
{
	enum pl_contact_kind kind;
	struct pl_account *account;
	int ret = begin(request, response, &account, err);

	if (ret != 1)
		return ret;
	if (!pl_contact_kind_of(request_text(request, "kind"), &kind))
		return respond_bad_field(response, "kind");
	ret = pl_contact_erase(&request->work, account, kind);
	if (ret == 1)
		ret = notify_member(request, request->session.member_id,
				    "recovery-contact-removed");
	return ret < 0 ? -1 : finish(request, response, err);
}

/* -- the link that the old contact has -- */

int post_recovery_stop(struct request *request, struct response *response, struct pl_error *err)
{
	int64_t member_id = 0;
	int ret;

	if (request_begin_write(request, err) < 0)
		return -1;
	ret = pl_contact_stop(&request->work, request_text(request, "token"), &member_id);
	if (ret == 0)
		return respond_error(response, 404, "contact-stop-over");
	if (ret < 0 || notify_member(request, member_id, "recovery-contact-stopped") < 0 ||
	    pl_store_commit(request->work.store, err) < 0)
		return -1;
	return respond_json(response, 200, json_pack("{s:b}", "stopped", 1));
}

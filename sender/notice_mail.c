/* notice_mail.c - see notice_mail.h. */
#include "sender/notice_mail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/outbox/notice.h"
#include "sender/mail_text.h"

static const struct sentence {
	const char *what;
	struct {
		const char *subject, *text;
	} in[MAIL_LANGUAGES];
} sentences[] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko) \
	{ what, { { subject_en, text_en }, { subject_ko, text_ko } } },
#define WORDS(tag, when, account, address, device, reason, target, advice, date)
#define ENDS(what, page, day_en, uses_en, advice_en, day_ko, uses_ko, advice_ko)
#define ADVICE(what, page, advice_en, advice_ko)
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ADVICE
#undef ENDS
};

static const struct {
	const char *when, *account, *address, *device, *reason, *target, *advice, *date;
} labels[MAIL_LANGUAGES] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko)
#define WORDS(tag, when, account, address, device, reason, target, advice, date) \
	{ when, account, address, device, reason, target, advice, date },
#define ENDS(what, page, day_en, uses_en, advice_en, day_ko, uses_ko, advice_ko)
#define ADVICE(what, page, advice_en, advice_ko)
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ADVICE
#undef ENDS
};

static const struct ending {
	const char *what, *page;
	struct {
		const char *day, *uses, *advice;
	} in[MAIL_LANGUAGES];
} endings[] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko)
#define WORDS(tag, when, account, address, device, reason, target, advice, date)
#define ENDS(what, page, day_en, uses_en, advice_en, day_ko, uses_ko, advice_ko) \
	{ what, page, { { day_en, uses_en, advice_en }, { day_ko, uses_ko, advice_ko } } },
#define ADVICE(what, page, advice_en, advice_ko)
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ADVICE
#undef ENDS
};

static const struct advice {
	const char *what, *page, *in[MAIL_LANGUAGES];
} advice[] = {
#define NOTICE(what, subject_en, text_en, subject_ko, text_ko)
#define WORDS(tag, when, account, address, device, reason, target, advice, date)
#define ENDS(what, page, day_en, uses_en, advice_en, day_ko, uses_ko, advice_ko)
#define ADVICE(what, page, advice_en, advice_ko) { what, page, { advice_en, advice_ko } },
#include "sender/notices.def"
#undef NOTICE
#undef WORDS
#undef ADVICE
#undef ENDS
};

/* The context of its words. */
struct notice {
	struct pl_notice_origin origin;
	const struct sentence *sentence;
};

/* NULL: it is not a notice that something ends. */
static const struct ending *find_ending(const char *what)
{
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcmp(endings[i].what, what) == 0)
			return &endings[i];
	}
	return NULL;
}

/* Nobody has done anything: what is going to happen is told in place of when it was done. */
static void put_end(FILE *out, const struct mail_words *words, const struct ending *ending,
		    enum mail_language language)
{
	const struct notice *notice = words->context;
	const struct pl_notice_origin *origin = &notice->origin;

	fprintf(out, "%s\n\n%s: %s\n%s: %s\n\n%s\n%s%s\n", notice->sentence->in[language].text,
		ending->in[language].day, origin->day, ending->in[language].uses, origin->uses,
		ending->in[language].advice, words->policy->portal_url, ending->page);
}

static void put_fact(FILE *out, const char *label, const char *value)
{
	if (value[0] != '\0')
		fprintf(out, "%s: %s\n", label, value);
}

/* What to do, and the page at which it is done. */
static void put_advice(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct notice *notice = words->context;
	const char *text = labels[language].advice, *page = "/account";

	for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++) {
		if (strcmp(advice[i].what, notice->sentence->what) == 0) {
			text = advice[i].in[language];
			page = advice[i].page;
		}
	}
	fprintf(out, "\n%s\n%s%s\n", text, words->policy->portal_url, page);
}

static void put_text(FILE *out, const struct mail_words *words, enum mail_language language)
{
	const struct notice *notice = words->context;
	const struct pl_notice_origin *origin = &notice->origin;
	const struct ending *ending = find_ending(notice->sentence->what);

	if (ending != NULL) {
		put_end(out, words, ending, language);
		return;
	}
	fprintf(out, "%s\n\n%s: ", notice->sentence->in[language].text, labels[language].when);
	mail_put_time(out, words, labels[language].date);
	fputc('\n', out);
	put_fact(out, labels[language].account, origin->account);
	put_fact(out, labels[language].target, origin->target);
	put_fact(out, labels[language].address, origin->ip);
	put_fact(out, labels[language].device, origin->device);
	put_fact(out, labels[language].reason, origin->reason);
	put_advice(out, words, language);
}

static const char *subject_of(const struct mail_words *words, enum mail_language language)
{
	const struct notice *notice = words->context;

	return notice->sentence->in[language].subject;
}

static const struct sentence *find(const char *what)
{
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (strcmp(sentences[i].what, what) == 0)
			return &sentences[i];
	}
	return NULL;
}

char *notice_mail(const struct pl_policy *policy, const struct pl_keys *keys,
		  const struct pl_message *message, size_t *len_r, struct pl_error *err)
{
	struct notice notice = { .sentence = find(message->what) };
	char to[PL_ADDRESS_MAX + 1], *text;
	const struct mail_words words = { .policy = policy,
					  .message = message,
					  .to = pl_address_format(&message->address, to),
					  .language = notice.origin.language,
					  .context = &notice,
					  .subject = subject_of,
					  .put_text = put_text };

	if (notice.sentence == NULL) {
		pl_error_set(err, PL_ERR_DATA, "this version of the sender has no words for it");
		return NULL;
	}
	if (pl_notice_open(message, keys, &notice.origin, err) < 0)
		return NULL;
	text = mail_write(&words, len_r);
	if (text == NULL)
		pl_error_set(err, PL_ERR_RETRY, "out of memory");
	return text;
}

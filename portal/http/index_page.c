/* index_page.c - see index_page.h. */
#include "portal/http/index_page.h"

#include <string.h>

#include "policy/base/markup.h"
#include "portal/http/brand_page.h"
#include "portal/http/html.h"
#include "portal/http/page_imports.h"
#include "portal/http/pages.h"
#include "portal/http/portal.h"

#define CONSOLE "/console" /* a path */
#define APPROVE "/approve" /* the same */
#define STEPS "steps"      /* a catalogue */
#define ACCOUNT "account"  /* a part, a catalogue and a style sheet */

/* What the page is filled in with. */
struct view {
	const struct request *request;
	const struct pages *pages;
	const json_t *state; /* NULL: not known */
};

static void put_name(FILE *out, const struct view *view)
{
	pl_put_markup(out, brand_name(view->request, request_language(view->request)));
}

static void put_language(FILE *out, const struct view *view)
{
	pl_put_markup(out, language_tags[request_language(view->request)]);
}

static void put_web(FILE *out, const struct view *view)
{
	pl_put_markup(out, pages_folder(view->pages));
}

static void put_icon(FILE *out, const struct view *view)
{
	put_brand_icon(out, view->request->brand, pages_folder(view->pages));
}

static void put_style(FILE *out, const struct view *view)
{
	put_brand_style(out, view->request->brand);
}

static void put_logo(FILE *out, const struct view *view)
{
	put_brand_logo(out, view->request->brand);
}

static void put_footer(FILE *out, const struct view *view)
{
	put_brand_footer(out, view->request->brand, request_language(view->request));
}

static void put_brand(FILE *out, const struct view *view)
{
	json_t *json = brand_json(view->request);

	if (json != NULL)
		put_data(out, "brand", json);
	json_decref(json);
}

/* The first step of the sign-in stands in the page itself, for who is not signed in. */
static int is_entrance(const struct view *view)
{
	const char *path = view->request->path;
	const char *state = json_string_value(json_object_get(view->state, "state"));

	return (strcmp(path, "/") == 0 || strcmp(path, "/sign-in") == 0) && state != NULL &&
	       strcmp(state, "none") == 0 && pages_style(view->pages)->text != NULL;
}

static void put_sheet(FILE *out, const struct view *view, const char *name)
{
	fputs("<link rel=\"stylesheet\" href=\"", out);
	pl_put_markup(out, pages_folder(view->pages));
	fprintf(out, "/css/%s.css\">\n", name);
}

/* The scripts come meanwhile: links to them stand in front of it. */
static void put_sheets(FILE *out, const struct view *view)
{
	if (is_entrance(view)) {
		fprintf(out, "<style>%s</style>\n", pages_style(view->pages)->text);
		return;
	}
	put_sheet(out, view, "base");
	put_sheet(out, view, "form");
}

/* Where there are tables and a navigation. */
static void put_part_style(FILE *out, const struct view *view)
{
	const char *path = view->request->path;

	if (strncmp(path, "/" ACCOUNT, sizeof(ACCOUNT)) != 0 &&
	    strncmp(path, CONSOLE, strlen(CONSOLE)) != 0)
		return;
	put_sheet(out, view, ACCOUNT);
}

/* The phone's page can be installed. */
static void put_manifest(FILE *out, const struct view *view)
{
	if (strcmp(view->request->path, APPROVE) == 0)
		fputs("<link rel=\"manifest\" href=\"" APPROVE "/manifest.webmanifest\">\n", out);
}

static void put_first(FILE *out, const struct view *view)
{
	if (is_entrance(view))
		fputs(" data-first", out);
}

static void put_early(FILE *out, const struct view *view)
{
	if (!is_entrance(view))
		fputs(" hidden", out);
}

static void put_module(FILE *out, const char *address)
{
	fputs("<link rel=\"modulepreload\" href=\"", out);
	pl_put_markup(out, address);
	fputs("\">\n", out);
}

/* The console is loaded for administrators alone. */
static int is_console_for_another(const struct view *view)
{
	return strncmp(view->request->path, CONSOLE, strlen(CONSOLE)) == 0 &&
	       !json_is_string(json_object_get(view->state, "administrator"));
}

/* A catalogue of sentences in the reader's language, which the scripts choose in the same way: that
 * of the first page, that of all others, or that of one part, where it has one. */
static void put_catalogue(FILE *out, const struct view *view, const char *part, size_t len)
{
	char address[512];

	snprintf(address, sizeof(address), "%s/messages/%.*s%s%s.js", pages_folder(view->pages),
		 (int)len, part, len > 0 ? "." : "",
		 language_tags[request_language(view->request)]);
	if (pages_find(view->pages, address) != NULL)
		put_module(out, address);
}

/* All at once instead of each after the one that imports it. */
static void put_modules(FILE *out, const struct view *view)
{
	const char *path = is_console_for_another(view) ? "/" : view->request->path;
	const struct page_imports *imports = pages_imports(view->pages, path);
	const char *part = path + 1; /* "account" of /account/devices */
	const size_t part_len = strcspn(part, "/");
	char address[512];

	for (size_t i = 0; i < imports->count; i++) {
		snprintf(address, sizeof(address), "%s/%s", pages_folder(view->pages),
			 imports->page[i]->name);
		put_module(out, address);
	}
	put_catalogue(out, view, "", 0);
	if (!is_entrance(view))
		put_catalogue(out, view, STEPS, strlen(STEPS));
	if (part_len > 0)
		put_catalogue(out, view, part, part_len);
	/* The console has sentences of the account pages, too. */
	if (strncmp(path, CONSOLE, strlen(CONSOLE)) == 0)
		put_catalogue(out, view, ACCOUNT, strlen(ACCOUNT));
}

static void put_state(FILE *out, const struct view *view)
{
	if (view->state != NULL)
		put_data(out, "state", view->state);
}

static const struct placeholder {
	const char *name;
	void (*put)(FILE *out, const struct view *view);
} placeholders[] = {
	{ "{{name}}", put_name },         /* of the portal, as text */
	{ "{{language}}", put_language }, /* of the reader, as a code */
	{ "{{web}}", put_web },           /* where the files of web/ are */
	{ "{{icon}}", put_icon },         /* the address of the icon */
	{ "{{style}}", put_style },       /* a link to the brand's style sheet, if there is one */
	{ "{{sheets}}", put_sheets },     /* the style of all pages, or links to it */
	{ "{{first}}", put_first },       /* an attribute: the page begins with its own form */
	{ "{{early}}", put_early },       /* the same for the form, which is hidden elsewhere */
	{ "{{part}}", put_part_style },   /* a link to the style sheet of a part of the pages */
	{ "{{manifest}}", put_manifest }, /* a link to it, where a page can be installed */
	{ "{{logo}}", put_logo },         /* the brand's, if there is one */
	{ "{{footer}}", put_footer },     /* the same */
	{ "{{modules}}", put_modules },   /* links to the modules that main.js imports */
	{ "{{brand}}", put_brand },       /* the brand, as JSON */
	{ "{{state}}", put_state },       /* the session, as JSON; or nothing */
};

/* The placeholder that text begins with, or NULL. */
static const struct placeholder *find_placeholder(const char *text)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (strncmp(text, placeholders[i].name, strlen(placeholders[i].name)) == 0)
			return &placeholders[i];
	}
	return NULL;
}

static void fill(FILE *out, const char *text, const struct view *view)
{
	const struct placeholder *placeholder;

	for (; *text != '\0'; text += placeholder == NULL ? 1 : strlen(placeholder->name)) {
		placeholder = find_placeholder(text);
		if (placeholder == NULL)
			putc(*text, out);
		else
			placeholder->put(out, view);
	}
}

int respond_index(const struct request *request, struct response *response, const json_t *state)
{
	const struct view view = { request, portal_pages(request->portal), state };
	FILE *out = open_memstream(&response->body, &response->body_len);

	response->status = 200;
	response->type = pages_index(view.pages)->type;
	if (out == NULL)
		return 0;
	if (is_entrance(&view))
		response->style_source = pages_style(view.pages)->source;
	fill(out, pages_index(view.pages)->body, &view);
	fclose(out);
	return 0;
}

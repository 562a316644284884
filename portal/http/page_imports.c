/* page_imports.c - see page_imports.h.
 *
 * Nothing is parsed: a specifier is what stands in quotes behind the word "from" or "import". Where
 * a comment or a string looks the same, the file that it names is one of ours, and a browser
 * would load it too early at worst.
 */
#include "portal/http/page_imports.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define SPECIFIER_MAX 200

static int is_of_a_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.';
}

/* The first of the two words at or behind text that is one; sets the place behind it. NULL: there
 * is none any more. start is where the module begins. */
static const char *behind_next_word(const char *start, const char *text)
{
	static const char *const words[] = { "from", "import" };

	for (; *text != '\0'; text++) {
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			const size_t len = strlen(words[i]);

			if (strncmp(text, words[i], len) == 0 &&
			    (text == start || !is_of_a_word(text[-1])))
				return text + len;
		}
	}
	return NULL;
}

/* Copies a specifier that text begins with, in quotes. 0: there is none. */
static int read_specifier(const char *text, char specifier_r[SPECIFIER_MAX])
{
	size_t len;

	text += strspn(text, " \t\n");
	if ((text[0] != '"' && text[0] != '\'') || text[1] != '.')
		return 0;
	len = strcspn(text + 1, "\"'\n");
	if (text[1 + len] != text[0] || len >= SPECIFIER_MAX)
		return 0;
	memcpy(specifier_r, text + 1, len);
	specifier_r[len] = '\0';
	return 1;
}

/* The file that a specifier of the module called from means, RFC 3986 5.2.4. NULL: none. */
static const struct page *resolve(const struct page_files *files, const char *from,
				  const char *specifier)
{
	char name[2 * SPECIFIER_MAX];
	size_t len = strlen(from);

	while (len > 0 && from[len - 1] != '/')
		len--;
	for (; strncmp(specifier, "./", 2) == 0 || strncmp(specifier, "../", 3) == 0;
	     specifier += strcspn(specifier, "/") + 1) {
		if (specifier[1] != '.')
			continue;
		if (len == 0)
			return NULL;
		len--;
		while (len > 0 && from[len - 1] != '/')
			len--;
	}
	if (snprintf(name, sizeof(name), "%.*s%s", (int)len, from, specifier) >= (int)sizeof(name))
		return NULL;
	return page_files_find(files, name);
}

static int is_known(const struct page_imports *imports, const struct page *page)
{
	for (size_t i = 0; i < imports->count; i++) {
		if (imports->page[i] == page)
			return 1;
	}
	return 0;
}

static void add_imports_of(const struct page_files *files, const struct page *module,
			   const struct page *first, struct page_imports *imports)
{
	char specifier[SPECIFIER_MAX];
	const struct page *page;

	for (const char *at = module->body; (at = behind_next_word(module->body, at)) != NULL;) {
		page = read_specifier(at, specifier) ? resolve(files, module->name, specifier)
						     : NULL;
		if (page != NULL && page != first && !is_known(imports, page))
			imports->page[imports->count++] = page;
	}
}

void page_imports_find(const struct page_files *files, const char *name,
		       struct page_imports *imports_r)
{
	const struct page *first = page_files_find(files, name);

	imports_r->count = 0;
	if (first == NULL)
		return;
	add_imports_of(files, first, first, imports_r);
	for (size_t i = 0; i < imports_r->count; i++)
		add_imports_of(files, imports_r->page[i], first, imports_r);
}

void page_imports_add(const struct page_files *files, const char *name,
		      struct page_imports *imports)
{
	const struct page *module = page_files_find(files, name);
	size_t i = imports->count;

	if (module != NULL && !is_known(imports, module))
		imports->page[imports->count++] = module;
	for (; i < imports->count; i++)
		add_imports_of(files, imports->page[i], NULL, imports);
}

// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_reader.h"

#define FILE_MAX (1 << 20) /* bytes: no configuration has as many */
#define BLANKS   " \t\r"

bool config_fail(struct reader *r, unsigned int line, const char *format, ...)
{
	int len = snprintf(r->error, r->size, "%s:%u: ", r->path, line);
	va_list ap;

	r->err = -EINVAL;
	if (len < 0 || (size_t)len >= r->size)
		return false;
	va_start(ap, format);
	vsnprintf(r->error + len, r->size - len, format, ap);
	va_end(ap);
	return false;
}

bool config_fail_errno(struct reader *r, int err)
{
	r->err = -err;
	snprintf(r->error, r->size, "%s: %s: name a file that can be read",
		 r->path, strerror(err));
	return false;
}

/* Without the blanks around it. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, BLANKS);
	end = text + strlen(text);
	while (end > text && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	return text;
}

static void cut_comment(char *line)
{
	char *at = line;

	while ((at = strchr(at, '#'))) {
		if (at == line || strchr(BLANKS, at[-1])) {
			*at = '\0';
			return;
		}
		at++;
	}
}

static bool add_host(struct reader *r, const char *name)
{
	struct fixed **end = &r->c->fixed, *host;

	for (; *end; end = &(*end)->next)
		if (!strcmp((*end)->name, name))
			return config_fail(r, r->line,
					   "[host %s] is in line %u already: write all of it there",
					   name, (*end)->line);
	host = calloc(1, sizeof(*host));
	if (!host)
		return config_fail_errno(r, ENOMEM);
	*end = host;
	host->line = r->line;
	host->name = strdup(name);
	return host->name || config_fail_errno(r, ENOMEM);
}

static bool read_host_section(struct reader *r, const char *rest)
{
	const char *name = rest + strspn(rest, BLANKS);

	if (!*name)
		return config_fail(r, r->line,
				   "[host] names nobody: write [host NAME], with the name in its certificate or of its key");
	if (name[strcspn(name, BLANKS)])
		return config_fail(r, r->line,
				   "[host %s]: no client has such a name: write one without blanks",
				   name);
	return add_host(r, name);
}

/* @name: what's in the brackets */
static bool read_section(struct reader *r, char *name)
{
	char *rest = name + strcspn(name, BLANKS);
	size_t len = rest - name;
	int i;

	for (i = 0; i < SECTIONS; i++)
		if (!strncmp(name, config_sections[i], len) &&
		    !config_sections[i][len])
			break;
	if (i == SECTIONS || (i != SECTION_HOST && *rest))
		return config_fail(r, r->line,
				   "[%s]: there's no such section: write [tunnel], [server], [client] or [host NAME]",
				   name);
	r->section = i;
	r->section_at[i] = r->line;
	return i != SECTION_HOST || read_host_section(r, rest);
}

static bool refuse_option(struct reader *r, const char *name)
{
	char names[512] = "";
	size_t i, len = 0;

	for (i = 0; i < config_option_count; i++)
		if (config_options[i].section == r->section)
			len += snprintf(names + len, sizeof(names) - len,
					"%s%s", len ? ", " : "",
					config_options[i].name);
	return config_fail(r, r->line,
			   "%s: [%s] has no such option: write one of %s, or move it to its section",
			   name, config_sections[r->section], names);
}

static const struct option *find_option(enum section section, const char *name)
{
	size_t i;

	for (i = 0; i < config_option_count; i++)
		if (config_options[i].section == section &&
		    !strcmp(config_options[i].name, name))
			return &config_options[i];
	return NULL;
}

unsigned int config_line_of(const struct reader *r, enum section section,
			    const char *name)
{
	return r->option_at[find_option(section, name) - config_options];
}

static bool read_option(struct reader *r, const char *name, char *value)
{
	const struct option *o = find_option(r->section, name);
	unsigned int *at;
	char form[128];

	if (!o)
		return refuse_option(r, name);
	at = &r->option_at[o - config_options];
	if (*at && !o->is_repeated)
		return config_fail(r, r->line,
				   "%s is in line %u already: leave out one",
				   name, *at);
	*at = r->line;
	config_form(o, form, sizeof(form));
	if (!*value)
		return config_fail(r, r->line, "%s has no value: write %s",
				   name, form);
	return o->read(r, o, value);
}

static bool read_line(struct reader *r, char *line)
{
	char *value, *end;

	cut_comment(line);
	line = trim(line);
	if (!*line)
		return true;
	if (*line == '[') {
		end = line + strlen(line) - 1;
		if (*end != ']')
			return config_fail(r, r->line,
					   "%s: the section's name has no end: write ] behind it",
					   line);
		*end = '\0';
		return read_section(r, trim(line + 1));
	}
	value = strchr(line, '=');
	if (!value)
		return config_fail(r, r->line,
				   "%s: it's no option: write NAME = VALUE, or # before a comment",
				   line);
	*value++ = '\0';
	line = trim(line);
	if (r->section == SECTION_NONE)
		return config_fail(r, r->line,
				   "%s is in no section: write [tunnel], [server] or [client] above it",
				   line);
	return read_option(r, line, trim(value));
}

static bool read_lines(struct reader *r, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		/* What's behind the last line's end is none. */
		if (!text && !*line)
			break;
		r->line++;
		if (!read_line(r, line))
			return false;
	}
	return true;
}

static bool read_text(struct reader *r, char *text, size_t len)
{
	const char *zero = memchr(text, '\0', len);
	unsigned int line = 1;

	if (len == FILE_MAX)
		return config_fail(r, 1,
				   "the file has more than a mebibyte: name a configuration");
	text[len] = '\0';
	if (!zero)
		return read_lines(r, text);
	for (; text < zero; text++)
		line += *text == '\n';
	return config_fail(r, line, "the line has a byte that's 0: write text");
}

static bool read_file(struct reader *r)
{
	FILE *file = fopen(r->path, "re");
	char *text = malloc(FILE_MAX);
	size_t len = 0;
	bool ok = false;

	if (file && text)
		len = fread(text, 1, FILE_MAX, file);
	if (!file || !text || ferror(file))
		config_fail_errno(r, errno);
	else
		ok = read_text(r, text, len);
	free(text);
	if (file)
		fclose(file);
	return ok;
}

static bool set_defaults(struct reader *r)
{
	char value[64];
	size_t i;

	for (i = 0; i < config_option_count; i++) {
		const struct option *o = &config_options[i];

		if (!o->standard)
			continue;
		snprintf(value, sizeof(value), "%s", o->standard);
		if (!o->read(r, o, value))
			return false;
	}
	return true;
}

int config_read(struct config *c, const char *path, char *error, size_t size)
{
	struct reader r = {
		.c = c,
		.path = path,
		.error = error,
		.size = size,
		.section = SECTION_NONE,
	};

	*c = (struct config) { 0 };
	if (set_defaults(&r) && read_file(&r))
		config_check(&r);
	return r.err;
}

void config_free(struct config *c)
{
	char *strings[] = { c->device, c->user,    c->cert,       c->key,
			    c->ca,     c->crl,     c->psk,        c->host,
			    c->port,   c->ciphers, c->server_name };
	struct fixed *host;
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		free(strings[i]);
	while ((host = c->fixed)) {
		c->fixed = host->next;
		free(host->name);
		free(host);
	}
	*c = (struct config) { 0 };
}

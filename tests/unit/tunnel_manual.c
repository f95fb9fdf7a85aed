// SPDX-License-Identifier: GPL-2.0
/* The tunnel's example configurations, and the tables of its options. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "config_reader.h"
#include "unit.h"

#define EXAMPLES TOP "/userspace/examples/tunnel/"
#define MANUAL   TOP "/Documentation/networking/dtls-tunnel-config.rst"

static char error[1024];
static struct config c;

static bool is_read(const char *path)
{
	int err;

	config_free(&c);
	err = config_read(&c, path, error, sizeof(error));
	if (err)
		printf("# %s\n", error);
	return !err;
}

/* As a file of its own. */
static bool is_read_text(const char *text)
{
	char path[] = "/tmp/tunnel-manual-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	bool ok;

	fputs(text, file);
	fclose(file);
	ok = is_read(path);
	unlink(path);
	return ok;
}

static char *slurp(const char *name)
{
	FILE *file = fopen(name, "r");
	char *text = calloc(1, 1 << 16);

	if (file) {
		text[fread(text, 1, (1 << 16) - 1, file)] = '\0';
		fclose(file);
	}
	return text;
}

/* "#name = value" and "#[section]" lose their mark; "# text" keeps it. */
static void uncomment(char *text)
{
	for (char *at = text; (at = strstr(at, "\n#")); at++)
		if (at[2] != ' ' && at[2] != '\n')
			at[1] = ' ';
}

static void examples_are_read_as_they_are_and_with_all_options(void)
{
	char *text = slurp(EXAMPLES "server.conf");

	CHECK(is_read(EXAMPLES "server.conf"));
	CHECK(c.is_server && c.pool_count == 2);
	CHECK(!strcmp(c.cert, EXAMPLES "server.pem"));
	uncomment(text);
	CHECK(is_read_text(text) && c.fixed && c.route_count);
	free(text);
	text = slurp(EXAMPLES "client.conf");
	CHECK(is_read(EXAMPLES "client.conf"));
	CHECK(!c.is_server && !strcmp(c.server_name, "vpn.example"));
	uncomment(text);
	CHECK(is_read_text(text) && c.crl && c.accept_routes && c.retry);
	free(text);
}

/* Each option of the table, but for psk, is in the example of its end. */
static void examples_have_all_options(void)
{
	char *server = slurp(EXAMPLES "server.conf");
	char *client = slurp(EXAMPLES "client.conf"), line[64];

	uncomment(server);
	uncomment(client);
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *o = &config_options[i];

		snprintf(line, sizeof(line), "%s = ", o->name);
		/* Who wants other ciphers knows why. */
		if (!strcmp(o->name, "ciphers"))
			continue;
		if (o->section != SECTION_CLIENT)
			CHECK(strstr(server, line));
		if (o->section == SECTION_TUNNEL || o->section == SECTION_CLIENT)
			CHECK(strstr(client, line));
	}
	free(server);
	free(client);
}

/* The next line's content behind @mark, where that begins it; or NULL. */
static char *cell(char **text, const char *mark)
{
	char *line = *text;

	if (!line || strncmp(line, mark, strlen(mark)))
		return NULL;
	strsep(text, "\n");
	return line + strlen(mark);
}

static const struct option *option_in(const char *table, const char *name)
{
	for (size_t i = 0; i < config_option_count; i++)
		if (!strcmp(config_options[i].name, name) &&
		    !strncmp(config_sections[config_options[i].section],
			     table + 1,
			     strlen(config_sections[config_options[i].section])))
			return &config_options[i];
	printf("# %s %s is no option\n", table, name);
	return NULL;
}

/* Option, value, default, meaning */
static void check_row(const char *table, const char *name, char **text)
{
	const struct option *o = option_in(table, name);
	char *value = cell(text, "     - "), *standard = cell(text, "     - ");
	char *meaning = cell(text, "     - "), form[128];

	CHECK(o && value && standard && meaning && strlen(meaning) > 10);
	if (!o || !value || !standard)
		return;
	config_form(o, form, sizeof(form));
	if (strcmp(value, form))
		printf("# %s: %s, not %s\n", name, form, value);
	CHECK(!strcmp(value, form));
	if (o->standard || o->is_required)
		CHECK(!strcmp(standard, o->standard ? o->standard : "required"));
	CHECK(!o->is_repeated || strstr(meaning, "Repeated"));
}

static void manual_has_the_options_that_there_are(void)
{
	char *manual = slurp(MANUAL), *text = manual, *table = NULL, *found;
	size_t rows = 0;

	while (text) {
		found = cell(&text, ".. list-table:: ");
		table = found ? found : table;
		found = cell(&text, "   * - ");
		if (!found) {
			strsep(&text, "\n");
		} else if (table && strcmp(found, "Option")) {
			rows++;
			check_row(table, found, &text);
		}
	}
	CHECK(rows == config_option_count);
	free(manual);
}

int main(void)
{
	RUN(examples_are_read_as_they_are_and_with_all_options);
	RUN(examples_have_all_options);
	RUN(manual_has_the_options_that_there_are);
	config_free(&c);
	DONE();
}

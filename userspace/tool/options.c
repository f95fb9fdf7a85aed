// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define ROWS_MAX   32
#define PERIOD_MIN 0.1
#define PERIOD_MAX 86400

/* What getopt gives for row i: no letter. */
#define CODE(i) (0x100 + (i))
#define HELP    0xff

static int has_value(const struct option_row *row)
{
	if (row->kind == OPTION_ON)
		return no_argument;
	return row->kind == OPTION_PERIOD ? optional_argument :
					    required_argument;
}

static void read_number(const struct option_row *row, const char *text)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (errno || !isdigit((unsigned char)*text) || *end || n < row->min ||
	    n > row->max)
		fail(ENDING_USAGE, "--%s %s: write a number from %u to %u",
		     row->name, text, row->min, row->max);
	*(unsigned int *)row->to = n;
}

static void read_period(const struct option_row *row, const char *text)
{
	char *end;
	double seconds = text ? strtod(text, &end) : 1;

	if (text && (!isdigit((unsigned char)*text) || *end))
		seconds = NAN;
	if (!(seconds >= PERIOD_MIN && seconds <= PERIOD_MAX))
		fail(ENDING_USAGE, "--%s %s: write seconds, from %g to %d",
		     row->name, text, PERIOD_MIN, PERIOD_MAX);
	*(double *)row->to = seconds;
}

static void read_value(const struct option_row *row, const char *text)
{
	switch (row->kind) {
	case OPTION_ON:
		*(bool *)row->to = true;
		break;
	case OPTION_TEXT:
		*(const char **)row->to = text;
		break;
	case OPTION_NUMBER:
		read_number(row, text);
		break;
	case OPTION_PERIOD:
		read_period(row, text);
		break;
	}
}

/* getopt's own tables. The number of rows. */
static int make_tables(const struct option_row *rows, struct option *longs,
		       char *letters)
{
	int i, value;

	/* A missing value is told from an unknown option; nothing is printed. */
	*letters++ = ':';
	*letters++ = 'h';
	for (i = 0; rows[i].name; i++) {
		value = has_value(&rows[i]);
		longs[i] = (struct option) {
			.name = rows[i].name,
			.has_arg = value,
			.val = CODE(i),
		};
		if (!rows[i].letter)
			continue;
		*letters++ = rows[i].letter;
		memcpy(letters, "::", value);
		letters += value;
	}
	*letters = '\0';
	longs[i] = (struct option) { .name = "help", .val = HELP };
	longs[i + 1] = (struct option) { 0 };
	return i;
}

static const struct option_row *row_of(const struct option_row *rows, int code)
{
	if (code >= CODE(0))
		return &rows[code - CODE(0)];
	while (rows->name && rows->letter != code)
		rows++;
	return rows;
}

/* The option that getopt stopped at, as it was written. */
static const char *culprit(char **argv)
{
	static char letter[] = "-?";

	if (optopt && optopt < HELP && strncmp(argv[optind - 1], "--", 2)) {
		letter[1] = optopt;
		return letter;
	}
	return argv[optind - 1];
}

char **options_read(const struct command *command, int argc, char **argv)
{
	const struct option_row *row, *rows = command->options;
	struct option longs[ROWS_MAX + 2];
	char letters[3 * ROWS_MAX + 3];
	int code;

	make_tables(rows, longs, letters);
	opterr = 0;
	while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		switch (code) {
		case 'h':
		case HELP:
			help_of(command);
			written();
			exit(ENDING_OK);
		case ':':
			fail(ENDING_USAGE,
			     "%s: a value is wanted (see kdtls help %s)",
			     culprit(argv), command->name);
		case '?':
			fail(ENDING_USAGE,
			     "%s: what's that? (see kdtls help %s)",
			     culprit(argv), command->name);
		}
		row = row_of(rows, code);
		/* -w 2 as well as -w2: nothing else begins with a digit. */
		if (row->kind == OPTION_PERIOD && !optarg && argv[optind] &&
		    isdigit((unsigned char)*argv[optind]))
			optarg = argv[optind++];
		read_value(row, optarg);
	}
	return argv + optind;
}

/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A subcommand, and how one ends. */
#ifndef KDTLS_TOOL_H
#define KDTLS_TOOL_H

#include <stdbool.h>
#include <stddef.h>

/* Exit statuses, as those of kdtls-tunnel: kdtls(8) has them too. */
enum ending {
	ENDING_OK = 0,
	ENDING_USAGE = 1, /* command line, a file or address that it names */
	ENDING_PERMISSION = 2,
	ENDING_REFUSED = 3,   /* one end refused the other */
	ENDING_NO_DTLS = 4,   /* the kernel lacks it, or this cipher */
	ENDING_NO_ANSWER = 5, /* nobody is there, or not any more */
	ENDING_SYSTEM = 7,    /* everything else; 6 is kdtls-tunnel's alone */
};

enum option_kind {
	OPTION_ON,     /* bool *to */
	OPTION_TEXT,   /* const char **to */
	OPTION_NUMBER, /* unsigned int *to, @min to @max */
	OPTION_PERIOD, /* double *to: seconds, 1 if none are given */
};

/**
 * struct option_row - an option of a subcommand
 * @name: as it's written after two dashes; NULL ends a table
 * @letter: after one dash; 0: none
 * @value: how help calls its value
 * @help: a line
 * @kind: what @to points to
 * @to: where the value goes
 * @min: of a number
 * @max: likewise
 */
struct option_row {
	const char *name;
	char letter;
	const char *value;
	const char *help;
	enum option_kind kind;
	void *to;
	unsigned int min;
	unsigned int max;
};

/**
 * struct command - a subcommand
 * @name: its name
 * @arguments: what follows its options; NULL: nothing does
 * @summary: a line
 * @options: table of its options; NULL: it has none of its own, and gets all
 *	words as they are
 * @run: gets what follows the options, as an argv that ends with NULL
 */
struct command {
	const char *name;
	const char *arguments;
	const char *summary;
	const struct option_row *options;
	enum ending (*run)(char **arguments);
};

extern const struct command command_status, command_stat, command_ss,
	command_echo, command_connect, command_bench, command_tunnel;

/* By its name; NULL: there's none. */
const struct command *command_find(const char *name);

/* Sets what the options say, or ends the program; what follows them. */
char **options_read(const struct command *command, int argc, char **argv);

void help_of_all(void);
void help_of(const struct command *command);

/* Of the program, or of "kdtls NAME": what begins the lines of fail(). */
void fail_as(const char *name);

/* One line on stderr, and out. */
__attribute__((noreturn, format(printf, 2, 3))) void fail(enum ending ending,
							  const char *format,
							  ...);

/* What standard output was given has got there, or the program ends. */
void written(void);

/* ENDING_PERMISSION if @error, an errno, is about that; else ENDING_SYSTEM. */
enum ending ending_of(int error);

/* Nothing may follow the options. */
void no_arguments(char **arguments);

#endif

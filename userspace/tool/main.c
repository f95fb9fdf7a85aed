// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * kdtls: what the kernel does with DTLS, seen and tried. A file a subcommand,
 * and here the table of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standard.h"
#include "tool.h"

static const struct command *const commands[] = {
	&command_status,  &command_stat,  &command_ss,     &command_echo,
	&command_connect, &command_bench, &command_tunnel,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

void help_of_all(void)
{
	size_t i;

	puts("usage: kdtls COMMAND [OPTIONS] [ARGUMENTS]");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	puts("  help      kdtls help COMMAND: its options, and what exit statuses mean");
	puts("--version tells the version. kdtls(8) is the manual page.");
}

static const struct command *wanted(const char *name)
{
	const struct command *command = command_find(name);

	if (!command)
		fail(ENDING_USAGE, "%s: no such command (see kdtls help)", name);
	return command;
}

static bool is_own_word(const char *word)
{
	return !strcmp(word, "help") || !strcmp(word, "version");
}

static enum ending help(char **words)
{
	if (!*words || is_own_word(*words))
		help_of_all();
	else
		help_of(wanted(*words));
	return ENDING_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b,
		      const char *c)
{
	return !strcmp(word, a) || !strcmp(word, b) || !strcmp(word, c);
}

static enum ending run(int argc, char **argv)
{
	const struct command *command;
	char **arguments = argv + 2;

	if (is_one_of(argv[1], "help", "--help", "-h"))
		return help(argv + 2);
	if (is_one_of(argv[1], "version", "--version", "-V")) {
		puts("kdtls " KDTLS_VERSION);
		return ENDING_OK;
	}
	command = wanted(argv[1]);
	fail_as(command->name);
	if (command->options)
		arguments = options_read(command, argc - 1, argv + 1);
	return command->run(arguments);
}

int main(int argc, char **argv)
{
	enum ending ending;

	if (!standard_open())
		return ENDING_SYSTEM;
	if (argc < 2)
		fail(ENDING_USAGE, "a command is wanted (see kdtls help)");
	ending = run(argc, argv);
	written();
	return ending;
}

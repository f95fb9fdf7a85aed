// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <stdio.h>
#include <string.h>

#include "tool.h"

static const char endings[] =
	"exit status: 0 done, or ready; 1 command line, file, address; 2 no permission;\n"
	"  3 one end refused the other; 4 the kernel has no DTLS, or not this cipher;\n"
	"  5 no answer; 7 the system failed (tunnel: see kdtls-tunnel --help)\n";

static void option_line(const struct option_row *row)
{
	char words[64];
	bool maybe = row->kind == OPTION_PERIOD;

	snprintf(words, sizeof(words), "%c%c%s --%s%s%s%s",
		 row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		 row->letter ? "," : " ", row->name,
		 row->value ? (maybe ? "[=" : " ") : "",
		 row->value ? row->value : "", maybe ? "]" : "");
	printf("  %-26s %s\n", words, row->help);
}

void help_of(const struct command *command)
{
	const struct option_row *row = command->options;

	printf("usage: kdtls %s%s%s%s\n%s\n", command->name,
	       row ? " [OPTIONS]" : "", command->arguments ? " " : "",
	       command->arguments ? command->arguments : "", command->summary);
	for (; row && row->name; row++)
		option_line(row);
	fputs(endings, stdout);
}

// SPDX-License-Identifier: GPL-2.0 OR MIT
/* kdtls-tunnel, by another name. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define TUNNEL "kdtls-tunnel"

/* Of where this program is; false: /proc doesn't say. */
static bool own_folder(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (n <= 0)
		return false;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

/* Where it was built, or installed. */
static void try(const char *folder, const char *more, char **argv)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s%s/" TUNNEL, folder, more);
	execv(path, argv);
}

static enum ending run(char **arguments)
{
	/* What stands before them is this subcommand's name. */
	char **argv = arguments - 1;
	char folder[PATH_MAX];

	argv[0] = TUNNEL;
	if (own_folder(folder)) {
		try(folder, "", argv);
		if (errno == ENOENT)
			try(folder, "/../sbin", argv);
	}
	if (errno == ENOENT)
		execvp(TUNNEL, argv);
	fail(errno == ENOENT ? ENDING_USAGE : ending_of(errno), TUNNEL ": %s%s",
	     strerror(errno), errno == ENOENT ? ": install it, too" : "");
}

const struct command command_tunnel = {
	.name = "tunnel",
	.arguments = "--config FILE [--check]",
	.summary = "join hosts as a VPN does: runs kdtls-tunnel, see there",
	.run = run,
};

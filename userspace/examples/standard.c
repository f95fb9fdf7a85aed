// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <fcntl.h>
#include <unistd.h>

#include "standard.h"

bool standard_open(void)
{
	int fd, mode;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* To write to closed output stays an error. */
		mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;
		/* It gets the lowest number that's free: this one. */
		if (open("/dev/null", mode) != fd)
			return false;
	}
	return true;
}
